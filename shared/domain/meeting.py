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
    #: a PATCH was accepted, but no join link could be seen (yet)
    UNCONFIRMED = "unconfirmed"
    #: the link was seen after our PATCH
    ENABLED = "enabled"
    #: Graph accepted the PATCH and made no link
    NOT_HONORED = "not_honored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One row of the `meetings` table; `attempts` counts PATCHes that Graph accepted without a link."""

    state: MeetingState
    at: datetime
    attempts: int = 0
    provider: str = ""
    rule: str = ""
    policy_hash: str = ""

    @property
    def had_link(self) -> bool:
        """Whether the event has had a join link, ours or a person's."""
        return self.state in {MeetingState.SEEN_ONLINE, MeetingState.ENABLED}
