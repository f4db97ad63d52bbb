"""A policy: the admin's rules and settings, ready to decide about events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal

from shared.domain.decision import Action, Mode
from shared.domain.mail_domains import NO_DOMAINS, Domains
from shared.domain.position import Position
from shared.rules.conditions import Condition
from shared.rules.event.event_facts import EventFacts
from shared.rules.event_sketch import EventSketch
from shared.rules.mailbox_scope import MailboxScope
from shared.rules.truth import Truth, all_hold, negation


class InternalDomains(Enum):
    """How the company's own domains are known if the rules do not list them."""

    #: the tenant's verified domains
    AUTO = "auto"


AUTO = InternalDomains.AUTO


class CalendarScope(Enum):
    """Which calendars of a mailbox Joinlink searches."""

    DEFAULT = "default"
    #: the default one, and all others that the mailbox owns and can edit
    OWNED = "owned"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherJoinLinks:
    """Whether events with a join link of another service are skipped, and where such links are searched for.

    Without `look_in_body`, that is subject, places and body preview only. `hosts` are the company's own
    meeting servers, such as `meet.contoso.com` or `*.video.contoso.com`.
    """

    skip: bool = True
    look_in_body: bool = True
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """How often Joinlink searches mailboxes for missed events, and how far ahead."""

    every: timedelta = timedelta(hours=6)
    window: timedelta = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLimits:
    """How many links a rule may add; None is unlimited."""

    per_hour: int | None = None
    per_mailbox_per_day: int | None = None

    def halved(self) -> "RuleLimits":
        """Return what old meetings may use together; the other half is for new ones."""
        return RuleLimits(per_hour=_half(self.per_hour), per_mailbox_per_day=_half(self.per_mailbox_per_day))


def _half(limit: int | None) -> int | None:
    return None if limit is None else max(1, limit // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleProvider:
    """The provider that a rule names, by Graph's name; the calendar must allow it.

    `is_fallback`: only if the calendar names no default; otherwise whatever the calendar's default is.
    """

    name: str
    is_fallback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivePeriod:
    """When a rule is active: from `start` (included) to `end` (excluded), both aware; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def __contains__(self, moment: datetime) -> bool:
        return (self.start is None or moment >= self.start) and (self.end is None or moment < self.end)

    def __str__(self) -> str:
        ends = (("from", self.start), ("until", self.end))
        return " ".join(f"{word} {end:%Y-%m-%d}" for word, end in ends if end is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """One test of a rule: an event, and the action that the rules should take.

    `at` is the moment of the decision, in the event's own time zone; None if the test does not name one.
    `members` holds the members of groups, by the groups' ids. `file` and `place` are its position.
    """

    name: str
    event: EventSketch
    expect: Action
    at: datetime | None = None
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    file: str = ""
    place: Position = field(default=Position(0, 0), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; `file` and `line` are its position."""

    id: str
    when: Condition
    unless: Condition | None = None
    description: str = ""
    mode: Mode = Mode.REPORT
    action: Action = Action.ENABLE
    #: None leaves the choice to the calendar
    provider: RuleProvider | None = None
    limits: RuleLimits = RuleLimits()
    active: ActivePeriod | None = None
    #: whether a missing fact postpones the decision; otherwise the next rule is evaluated
    retry_on_missing: bool = False
    tests: tuple[RuleTest, ...] = ()
    file: str = ""
    line: int = 0

    def matches(self, facts: EventFacts) -> Truth:
        """Whether `when` holds and `unless` fails; None if that is unknown."""
        when = self.when.holds(facts)
        if when is False or self.unless is None:
            return when
        return all_hold((when, negation(self.unless.holds(facts))))

    @property
    def groups(self) -> frozenset[str]:
        """The groups whose members the rule's conditions need to know."""
        return self.when.groups | (self.unless.groups if self.unless is not None else frozenset())

    @property
    def needs_department(self) -> bool:
        """Whether the rule's conditions need to know the organizer's department."""
        return self.when.needs_department or (self.unless is not None and self.unless.needs_department)

    def is_evaluated(self, now: datetime) -> bool:
        """Whether the rule is evaluated at `now`: its mode is not off, and it is active."""
        return self.mode is not Mode.OFF and (self.active is None or now in self.active)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All rules, in order of evaluation, and the settings.

    `hash` is twelve hexadecimal digits, made from the names and contents of all files. `lists` are the named
    lists of domains and addresses.
    """

    rules: tuple[Rule, ...]
    hash: str
    internal_domains: tuple[str, ...] | Literal[InternalDomains.AUTO] = AUTO
    skip_drafts: bool = True
    other_join_links: OtherJoinLinks = OtherJoinLinks()
    mailboxes: MailboxScope = field(default_factory=MailboxScope)
    sweep: Sweep = Sweep()
    calendars: CalendarScope = CalendarScope.DEFAULT
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def rule(self, rule_id: str) -> Rule:
        """Return the rule with this id.

        Raises:
            KeyError: there is none.
        """
        found = next((rule for rule in self.rules if rule.id == rule_id), None)
        if found is None:
            raise KeyError(rule_id)
        return found

    def with_report_mode(self, rule_id: str) -> "Policy":
        """Return this policy with one rule in report mode, as for a rule above its limits."""
        rules = (replace(rule, mode=Mode.REPORT) if rule.id == rule_id else rule for rule in self.rules)
        return replace(self, rules=tuple(rules))

    @property
    def skip_other_join_links(self) -> bool:
        """Whether events with another service's join link are skipped."""
        return self.other_join_links.skip

    @property
    def look_in_body(self) -> bool:
        """Whether the whole body is searched for other join links, if the decision depends on it."""
        return self.other_join_links.look_in_body

    @property
    def meeting_hosts(self) -> Domains:
        """The hosts of which every link is a join link."""
        hosts = self.other_join_links.hosts
        return Domains(hosts) if hosts else NO_DOMAINS

    @property
    def groups(self) -> frozenset[str]:
        """The groups whose members must be known for the rules that are not off."""
        return frozenset().union(*(rule.groups for rule in self.rules if rule.mode is not Mode.OFF))

    @property
    def needs_department(self) -> bool:
        """Whether rules that are not off need the organizer's department."""
        return any(rule.needs_department for rule in self.rules if rule.mode is not Mode.OFF)

    @property
    def needs_tenant_domains(self) -> bool:
        """Whether a decision needs the tenant's verified domains."""
        return self.internal_domains is AUTO
