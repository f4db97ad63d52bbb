"""What Joinlink remembers of one event, so that it adds a link at most once and never again."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MeetingState(StrEnum):
    """What is known of an event's link."""

    #: the event was online without a write of Joinlink; if the link disappears, a person removed it
    SEEN_ONLINE = "seen_online"
    #: a PATCH is being sent, or Graph did not confirm it (see `shared.domain.attempt`)
    ATTEMPTED = "attempted"
    #: Graph accepted a PATCH, and its answer showed no online meeting
    UNCONFIRMED = "unconfirmed"
    #: Graph accepted a PATCH, and the event is online without a join link
    LINK_PENDING = "link_pending"
    #: a read after the PATCH showed the link
    ENABLED = "enabled"
    #: it can't be determined whether a PATCH took effect; the event is held until an admin releases it
    WRITE_UNKNOWN = "write_unknown"
    #: an admin allowed one more write
    RELEASED = "released"
    #: Graph accepted the PATCH and created no link
    NOT_HONORED = "not_honored"


#: States from which an attempt may start. After an attempt without effect the row returns to its state.
BEFORE_ATTEMPT = frozenset({MeetingState.RELEASED, MeetingState.NOT_HONORED})
#: Graph accepted the PATCH, and the join link was not seen yet
AWAITING_LINK = frozenset({MeetingState.UNCONFIRMED, MeetingState.LINK_PENDING})
#: the effect of a PATCH is still being checked
PENDING = AWAITING_LINK | {MeetingState.ATTEMPTED}
#: the effect of a PATCH is not known: still being checked, or waiting for an admin
UNSETTLED = PENDING | {MeetingState.WRITE_UNKNOWN}
_ONLINE = frozenset({MeetingState.SEEN_ONLINE, MeetingState.ENABLED, MeetingState.LINK_PENDING})


class Answer(StrEnum):
    """The answer to a PATCH that was sent. None of these proves that the PATCH had no effect."""

    #: no answer, or none yet
    NONE = ""
    #: 403
    FORBIDDEN = "forbidden"
    #: another permanent refusal, such as a 400 with Graph's own error code
    REFUSED = "refused"
    #: a temporary failure: 429, 5xx, a timeout, or an answer that is not from Graph
    PASSING = "passing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One row of the `meetings` table.

    `at` is when the state began, by the writer's clock, for people to read; ages come from the row's own
    timestamp. `attempts` counts PATCHes that Graph accepted without creating a link. `etag` is the event's
    ETag: the one that an attempt sent, then the one in Graph's answer. `ends` is when the event ends, None
    if never or not known.
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
    #: the instance that is sending the PATCH; empty after the call
    lease: str = ""
    #: the windows of the rule's limits that were charged for the attempt
    charged: tuple[str, ...] = ()
    #: the state before the attempt: empty, or one of `BEFORE_ATTEMPT`
    before: str = ""
    answer: Answer = Answer.NONE
    #: Graph's error codes in that answer, for the admin
    detail: str = ""
    #: how many reads since the attempt showed the event offline and changed
    doubts: int = 0

    @property
    def was_online(self) -> bool:
        """Whether a read showed the event online, by a write of Joinlink or by a person."""
        return self.state in _ONLINE
