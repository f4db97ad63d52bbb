"""What Joinlink remembers of one event: the memory behind "at most once" and "never again"."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MeetingState(StrEnum):
    """How far our knowledge of an event's link goes."""

    #: seen online without our doing; if the link goes, a person removed it
    SEEN_ONLINE = "seen_online"
    #: a PATCH was sent; whether it took effect is not known yet
    ATTEMPTED = "attempted"
    #: a PATCH was accepted, and the answer did not show an online meeting
    UNCONFIRMED = "unconfirmed"
    #: a PATCH was accepted, the event is online, and its join link is still to come
    LINK_PENDING = "link_pending"
    #: the link was seen after our PATCH
    ENABLED = "enabled"
    #: whether a PATCH took effect can't be told any more: left alone until an admin releases the event
    WRITE_UNKNOWN = "write_unknown"
    #: Graph accepted the PATCH and made no link
    NOT_HONORED = "not_honored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One row of the `meetings` table; `attempts` counts PATCHes that Graph accepted without a link.

    `etag` is the event's, as it was when an attempt was made.
    """

    state: MeetingState
    at: datetime
    attempts: int = 0
    provider: str = ""
    rule: str = ""
    policy_hash: str = ""
    etag: str = ""

    @property
    def was_online(self) -> bool:
        """Whether the event was seen online, by our doing or a person's."""
        return self.state in {MeetingState.SEEN_ONLINE, MeetingState.ENABLED, MeetingState.LINK_PENDING}

    def may_have_been_online(self, etag: str) -> bool:
        """Tell whether an event that is not online now, with this ETag, was so before.

        After an attempt whose answer was lost, an event that has changed since may have had the link and
        lost it again. In doubt it had: what a person took away is never added again.
        """
        return self.was_online or (self.state is MeetingState.ATTEMPTED and self.etag != etag)
