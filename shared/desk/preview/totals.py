"""Folds the mailboxes of a preview into its totals. Pure; its size does not grow with their number."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop

from shared.desk.preview.counts import MeetingCount, Result, StanceCounts
from shared.desk.preview.mailbox_reader import PreviewWindow
from shared.desk.preview.previewed import PreviewedMailbox, PreviewedMeeting, ReadStatus
from shared.desk.preview.rule_set import RuleSet, Stance

#: the rank of meetings that get no link, and no other decision by other rules
_OTHER = 2
#: only so many mailboxes that could not be read are kept with the reason
_MOST_LEFT = 100


@dataclass(frozen=True, slots=True)
class ListedMeeting:
    """A meeting and the object id of its mailbox."""

    mailbox: str
    meeting: PreviewedMeeting


class MeetingList:
    """The most interesting meetings, up to a number: differences between two rule sets, links, the rest."""

    def __init__(self, most: int) -> None:
        self._most = most
        #: a heap, the least interesting meeting first
        self._kept: list[tuple[tuple[float, ...], str, ListedMeeting]] = []
        self.left_out = 0

    def add(self, listed: ListedMeeting) -> None:
        """Add a meeting; it may push out another one."""
        meeting = listed.meeting
        entry = ((-_rank(meeting), -meeting.start.timestamp()), f"{listed.mailbox} {meeting.id}", listed)
        if len(self._kept) < self._most:
            heappush(self._kept, entry)
            return
        self.left_out += 1
        if self._most:
            heappushpop(self._kept, entry)

    def meetings(self) -> list[ListedMeeting]:
        """Return the meetings in the order of their start."""
        kept = [listed for _rank, _key, listed in self._kept]
        return sorted(kept, key=lambda each: (each.meeting.start, each.mailbox, each.meeting.id))


def is_interesting(meeting: PreviewedMeeting) -> bool:
    """Return whether a meeting gets a link, or the rule sets decide it differently."""
    return _rank(meeting) < _OTHER


def _rank(meeting: PreviewedMeeting) -> int:
    if differs(meeting, Stance.PROMOTED) or differs(meeting, Stance.AS_IT_STANDS):
        return 0
    return 1 if any(each[Stance.PROMOTED][0].adds_link for each in meeting.decisions) else _OTHER


def differs(meeting: PreviewedMeeting, stance: Stance) -> bool:
    """Return whether the rule sets decide a meeting differently."""
    return len(set(_results(meeting, stance))) > 1


def _results(meeting: PreviewedMeeting, stance: Stance) -> tuple[Result, ...]:
    decisions = (each[stance][0] for each in meeting.decisions)
    return tuple(Result(each.outcome, each.reason, each.rule) for each in decisions)


@dataclass(slots=True)
class PreviewTotals:
    """All numbers of a preview.

    Attributes:
        counts: by position of the rule set, and stance.
        changes: meetings that two rule sets decide differently, by stance and by both results.
    """

    counts: tuple[dict[Stance, StanceCounts], ...]
    listed: MeetingList
    changes: dict[Stance, dict[tuple[Result, ...], MeetingCount]]
    statuses: Counter[ReadStatus] = field(default_factory=Counter)
    #: mailboxes that could not be read, each with the reason
    left: dict[str, str] = field(default_factory=dict)
    meetings: int = 0
    copies: int = 0
    unreadable: int = 0
    unread_calendars: int = 0

    @classmethod
    def of(cls, sets: Sequence[RuleSet], window: PreviewWindow, *, listed: int) -> "PreviewTotals":
        """Return the totals of nothing yet; at most `listed` meetings are listed."""
        return cls(
            counts=tuple(
                {stance: StanceCounts.of(each.policy, window.start, window.now) for stance in Stance}
                for each in sets
            ),
            listed=MeetingList(listed),
            changes={stance: {} for stance in Stance},
        )

    def add(self, mailbox: PreviewedMailbox) -> None:
        """Add a mailbox. As far as its meetings show it, its address is its name."""
        self.statuses[mailbox.status] += 1
        if mailbox.status is ReadStatus.LEFT and len(self.left) < _MOST_LEFT:
            self.left[mailbox.mailbox] = mailbox.why
        self.meetings += len(mailbox.meetings)
        self.copies += mailbox.copies
        self.unreadable += mailbox.unreadable
        self.unread_calendars += mailbox.unread_calendars
        name, changes = "", {stance: dict[tuple[Result, ...], MeetingCount]() for stance in Stance}
        for meeting in mailbox.meetings:
            name = name or meeting.organizer
            self._add_meeting(mailbox.mailbox, meeting)
            for stance, found in changes.items():
                if differs(meeting, stance):
                    decision = meeting.decisions[-1][stance][0]
                    found.setdefault(_results(meeting, stance), MeetingCount()).count(meeting, decision)
        for stances in self.counts:
            for counts in stances.values():
                counts.end_mailbox(name or mailbox.mailbox)
        for stance, found in changes.items():
            for results, count in found.items():
                self.changes[stance].setdefault(results, MeetingCount()).merge(count)

    def _add_meeting(self, mailbox: str, meeting: PreviewedMeeting) -> None:
        for position, stances in enumerate(self.counts):
            for stance, counts in stances.items():
                counts.add(mailbox, meeting, meeting.decisions[position][stance])
        self.listed.add(ListedMeeting(mailbox, meeting))
