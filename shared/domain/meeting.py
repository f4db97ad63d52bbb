"""What Joinlink remembers of one event: the memory behind "at most once" and "never again"."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MeetingState(StrEnum):
    """How far our knowledge of an event's link goes."""

    #: seen online without our doing; if the link goes, a person removed it
    SEEN_ONLINE = "seen_online"
    #: a PATCH is being sent, or was sent and Graph did not confirm it (`shared.domain.attempt`)
    ATTEMPTED = "attempted"
    #: a PATCH was accepted, and the answer did not show an online meeting
    UNCONFIRMED = "unconfirmed"
    #: a PATCH was accepted, the event is online, and its join link is still to come
    LINK_PENDING = "link_pending"
    #: the link was seen after our PATCH
    ENABLED = "enabled"
    #: whether a PATCH took effect can't be told any more: left alone until an admin releases the event
    WRITE_UNKNOWN = "write_unknown"
    #: an admin has allowed one more write
    RELEASED = "released"
    #: Graph accepted the PATCH and made no link
    NOT_HONORED = "not_honored"


#: states from which an attempt may begin; if it had no effect, the row returns to the one that it had
STARTS = frozenset({MeetingState.RELEASED, MeetingState.NOT_HONORED})
#: Graph accepted the PATCH, and the join link was not seen yet
AWAITING_LINK = frozenset({MeetingState.UNCONFIRMED, MeetingState.LINK_PENDING})
#: the effect of a PATCH is still being checked
PENDING = AWAITING_LINK | {MeetingState.ATTEMPTED}
#: the effect of a PATCH is not known: still being checked, or waiting for an admin
UNSETTLED = PENDING | {MeetingState.WRITE_UNKNOWN}
_ONLINE = frozenset({MeetingState.SEEN_ONLINE, MeetingState.ENABLED, MeetingState.LINK_PENDING})


class Answer(StrEnum):
    """What came back for a PATCH that was sent. None of these proves that it had no effect."""

    #: nothing yet, or nothing at all
    NONE = ""
    #: 403: it may not be written
    FORBIDDEN = "forbidden"
    #: another refusal for good, such as a 400 with Graph's own code
    REFUSED = "refused"
    #: 429, 5xx, no answer, no Graph answer
    PASSING = "passing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One row of the `meetings` table.

    `at` is when the state began by the writer's clock, for people to read; ages are told by the row itself.
    `attempts` counts PATCHes that Graph accepted without a link. `etag` is the event's, as an attempt was
    made with, later as Graph answered it. `ends` is when the event ends, None if never or not known.
    """

    state: MeetingState
    at: datetime
    #: immutable id of the event
    event: str = ""
    attempts: int = 0
    provider: str = ""
    rule: str = ""
    policy_hash: str = ""
    etag: str = ""
    ends: datetime | None = None
    #: who is sending the PATCH; empty once the call is over
    lease: str = ""
    #: the windows of the rule's limits that were charged for the attempt
    charged: tuple[str, ...] = ()
    #: what an attempt began from: empty, or one of `STARTS`
    before: str = ""
    answer: Answer = Answer.NONE
    #: that answer in Graph's codes, for the admin
    detail: str = ""
    #: how often the event was read offline and changed since the attempt
    doubts: int = 0

    @property
    def was_online(self) -> bool:
        """Whether the event was seen online, by our doing or a person's."""
        return self.state in _ONLINE
