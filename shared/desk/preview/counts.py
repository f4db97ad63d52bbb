"""Counts the meetings of one rule set in one stance. Pure; its size does not grow with their number."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from shared.desk.preview.limit_ledger import LimitLedger
from shared.desk.preview.previewed import Alternatives, PreviewedDecision, PreviewedMeeting
from shared.domain.decision import Outcome, Reason
from shared.rules.policy import Policy, RuleLimits

#: the largest number of attendees in each class of sizes; larger ones are in one more class
SIZES = (0, 1, 5, 20, 100)
_MOST_MAILBOXES = 20


class Result(NamedTuple):
    """A decision without its details."""

    outcome: Outcome
    reason: Reason
    rule: str | None


@dataclass(slots=True)
class MeetingCount:
    """A number of meetings, and what an admin asks about them.

    `attendees` may be mailed if the meetings get links. `coming` are those that have not ended, `added` those
    with a link that Joinlink has added already, `to_add` those coming ones that still have none.
    `other_links` would have two join links.
    """

    meetings: int = 0
    mailboxes: int = 0
    attendees: int = 0
    coming: int = 0
    added: int = 0
    to_add: int = 0
    other_links: int = 0

    def count(self, meeting: PreviewedMeeting, decision: PreviewedDecision) -> None:
        """Count a meeting; its mailbox is counted by `merge`."""
        self.meetings += 1
        self.attendees += meeting.mails
        self.coming += not meeting.is_past
        self.added += meeting.is_added
        self.to_add += decision.adds_link and not meeting.is_past and not meeting.is_added
        self.other_links += decision.has_other_link

    def merge(self, of_mailbox: "MeetingCount") -> None:
        """Add the meetings of one mailbox."""
        self.meetings += of_mailbox.meetings
        self.mailboxes += 1
        self.attendees += of_mailbox.attendees
        self.coming += of_mailbox.coming
        self.added += of_mailbox.added
        self.to_add += of_mailbox.to_add
        self.other_links += of_mailbox.other_links


@dataclass(frozen=True, slots=True, order=True)
class ConcernedMailbox:
    """A mailbox with its links, and the attendees that they may mail."""

    links: int
    attendees: int
    name: str


class BusiestDay(NamedTuple):
    """The most links of one rule in one mailbox on one day, by creation."""

    links: int
    day: date
    mailbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUse:
    """How much of its limits a rule would use.

    The busiest hour and day are those in which most of its meetings were created; None if there are none.
    Of the links `to_add`, `within_limits` are possible if all are added in one hour.
    """

    rule: str
    limits: RuleLimits
    busiest_hour: tuple[int, datetime] | None
    busiest_day: BusiestDay | None
    to_add: int
    within_limits: int


@dataclass(slots=True)
class _MailboxCounts:
    """The numbers of one mailbox until it ends."""

    results: dict[Result, MeetingCount] = field(default_factory=dict)
    links: MeetingCount = field(default_factory=MeetingCount)
    created: Counter[tuple[str, date]] = field(default_factory=Counter)


@dataclass(slots=True)
class StanceCounts:
    """All numbers of one rule set in one stance.

    Attributes:
        results: meetings by decision.
        links: all meetings that get a link.
        days: links by the day on which the meeting starts, and by rule.
        sizes: links by position in `SIZES` of the number of attendees who may be mailed.
        hours: links by rule and by the hour in which the meeting was created, since the window's start.
        busiest_days: by rule, since the window's start.
        within_limits: links of coming meetings by rule, if all were handled in one hour.
        most: the mailboxes with most links.
    """

    ledger: LimitLedger
    since: datetime
    until: datetime
    results: dict[Result, MeetingCount] = field(default_factory=dict)
    links: MeetingCount = field(default_factory=MeetingCount)
    days: Counter[tuple[date, str]] = field(default_factory=Counter)
    sizes: Counter[int] = field(default_factory=Counter)
    hours: Counter[tuple[str, datetime]] = field(default_factory=Counter)
    busiest_days: dict[str, BusiestDay] = field(default_factory=dict)
    within_limits: Counter[str] = field(default_factory=Counter)
    most: list[ConcernedMailbox] = field(default_factory=list)
    _of_mailbox: _MailboxCounts = field(default_factory=_MailboxCounts)

    @classmethod
    def of(cls, policy: Policy, since: datetime, until: datetime) -> "StanceCounts":
        """Return counts of nothing yet; creations count from `since` until `until`."""
        return cls(LimitLedger(policy), since, until)

    def add(self, mailbox: str, meeting: PreviewedMeeting, alternatives: Alternatives) -> None:
        """Add a meeting with its decision; those of one mailbox follow each other until `end_mailbox`."""
        of_mailbox, decision = self._of_mailbox, alternatives[0]
        result = Result(decision.outcome, decision.reason, decision.rule)
        of_mailbox.results.setdefault(result, MeetingCount()).count(meeting, decision)
        if not decision.adds_link or decision.rule is None:
            return
        of_mailbox.links.count(meeting, decision)
        self.days[meeting.start.date(), decision.rule] += 1
        self.sizes[_size_class(meeting.mails)] += 1
        if meeting.created and self.since <= meeting.created <= self.until:
            self.hours[decision.rule, _hour(meeting.created)] += 1
            of_mailbox.created[decision.rule, meeting.created.astimezone(UTC).date()] += 1
        if not meeting.is_past and not meeting.is_added:
            limited = self.ledger.decide(mailbox, alternatives)
            if limited.adds_link and limited.rule:
                self.within_limits[limited.rule] += 1

    def end_mailbox(self, name: str) -> None:
        """Add the numbers of the mailbox with this name, whose meetings were added."""
        of_mailbox, self._of_mailbox = self._of_mailbox, _MailboxCounts()
        for result, count in of_mailbox.results.items():
            self.results.setdefault(result, MeetingCount()).merge(count)
        self._add_links(name, of_mailbox.links)
        self._add_creations(name, of_mailbox.created)

    def of_rule(self, rule: str) -> MeetingCount:
        """Return the links of a rule."""
        return self.results.get(Result(Outcome.ENABLED, Reason.LINK_ADDED, rule), MeetingCount())

    def without_link(self) -> Iterator[tuple[Result, MeetingCount]]:
        """Yield the decisions against a link, the most frequent first."""
        found = [each for each in self.results.items() if each[0].outcome is not Outcome.ENABLED]
        yield from sorted(found, key=lambda each: (-each[1].meetings, each[0].reason, each[0].rule or ""))

    def limit_uses(self, policy: Policy) -> Iterator[LimitUse]:
        """Yield the use of limits of each rule that adds links, in the order of the rules.

        A rule may add links only because the limits of another one are reached.
        """
        for rule in policy.rules:
            links = self.of_rule(rule.id)
            if links.meetings or self.within_limits[rule.id]:
                yield LimitUse(
                    rule=rule.id,
                    limits=rule.limits,
                    busiest_hour=self._busiest_hour(rule.id),
                    busiest_day=self.busiest_days.get(rule.id),
                    to_add=links.to_add,
                    within_limits=self.within_limits[rule.id],
                )

    def _busiest_hour(self, rule: str) -> tuple[int, datetime] | None:
        """Return the most links of a rule in one hour, and the hour; None if there are no links."""
        found = [(links, hour) for (each, hour), links in self.hours.items() if each == rule]
        return max(found, key=lambda each: (each[0], -each[1].timestamp()), default=None)

    def _add_links(self, name: str, links: MeetingCount) -> None:
        if not links.meetings:
            return
        self.links.merge(links)
        self.most.append(ConcernedMailbox(links.meetings, links.attendees, name))
        self.most.sort(key=lambda each: (-each.links, -each.attendees, each.name))
        del self.most[_MOST_MAILBOXES:]

    def _add_creations(self, name: str, created: Mapping[tuple[str, date], int]) -> None:
        for (rule, day), links in created.items():
            last = self.busiest_days.get(rule)
            if last is None or links > last.links:
                self.busiest_days[rule] = BusiestDay(links, day, name)


def _size_class(mails: int) -> int:
    return next((at for at, most in enumerate(SIZES) if mails <= most), len(SIZES))


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
