"""What a preview finds: the decisions about each meeting of a mailbox."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shared.desk.preview.rule_set import Stance
from shared.domain.decision import Outcome, Reason


@dataclass(frozen=True, slots=True)
class PreviewedDecision:
    """How the worker would end: `enabled` is a link. `why` is what a guard found, in words.

    `has_other_link`: the link would be the second join link of the meeting.
    """

    outcome: Outcome
    reason: Reason
    rule: str | None = None
    why: str = ""
    has_other_link: bool = False

    @property
    def adds_link(self) -> bool:
        """Whether the meeting gets a link."""
        return self.outcome is Outcome.ENABLED


#: The decision, then the one that follows if the rule of the one before has reached its limit, and so on. At
#: the end, the limit is the reason for no link.
Alternatives = tuple[PreviewedDecision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedMeeting:
    """A meeting in its organizer's calendar; a series counts once. Times are aware and in UTC.

    `start` is the start of the event, of a series that of its first occurrence in the window. `mails` is how
    many attendees a write may mail.
    """

    id: str
    organizer: str
    start: datetime
    created: datetime | None
    mails: int
    is_past: bool
    is_series: bool = False
    #: Joinlink has added the link already; the decisions are those for the meeting as it was before
    is_added: bool = False
    #: empty unless the admin asked for it
    subject: str = ""
    #: by position of the rule set
    decisions: tuple[Mapping[Stance, Alternatives], ...]


class PreviewedMeetings(Protocol):
    """The meetings of a mailbox, which can be read several times; for many they are on disk."""

    def __iter__(self) -> Iterator[PreviewedMeeting]:
        """Return the meetings in their order."""

    def __len__(self) -> int:
        """Return how many there are."""


class ReadStatus(StrEnum):
    """How the reading of a mailbox ended."""

    READ = "read"
    NO_CALENDAR = "no_calendar"
    #: Graph did not allow it: the same command tries again
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedMailbox:
    """A mailbox; `why` is the reason if it could not be read."""

    mailbox: str
    status: ReadStatus
    why: str = ""
    meetings: PreviewedMeetings = ()
    #: meetings that others organize: Joinlink changes only the organizer's copy
    copies: int = 0
    #: events that Joinlink can't read, so it skips them
    unreadable: int = 0
    #: calendars, or lists of them, that Graph did not show
    unread_calendars: int = 0

    def close(self) -> None:
        """Delete the file of the meetings, if they are in one of their own."""
        if close := getattr(self.meetings, "close", None):
            close()
