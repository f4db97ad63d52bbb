"""A policy: the admin's rules, read, checked and compiled."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal

from shared.domain.decision import Action, Mode
from shared.domain.mail_domains import Domains
from shared.domain.position import Position
from shared.rules.conditions import Condition
from shared.rules.event.event_facts import EventFacts
from shared.rules.event.sketch import EventSketch
from shared.rules.mailbox_scope import MailboxScope
from shared.rules.truth import Truth, all_hold, negation


class InternalDomains(Enum):
    """How the domains of the house are known where no list of them is given."""

    #: the tenant's verified domains
    AUTO = "auto"


AUTO = InternalDomains.AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherJoinLinks:
    """Whether another service's join link keeps an event as it is, and whether the body is searched too.

    `hosts` are the company's own meeting servers, as `meet.contoso.com` or `*.video.contoso.com`.
    """

    skip: bool = True
    look_in_body: bool = False
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """How often mailboxes are searched for missed events, and how far ahead."""

    every: timedelta = timedelta(hours=6)
    window: timedelta = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How often a rule may enable; None means as often as it likes."""

    per_hour: int | None = None
    per_mailbox_per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When a rule counts: from `start` (included) until `end` (excluded), aware; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def __contains__(self, moment: datetime) -> bool:
        return (self.start is None or moment >= self.start) and (self.end is None or moment < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """One test of a rule: an event, and what is expected of it.

    `at` is the moment at which it is judged, in the event's own time zone, None where the test names none.
    `members` holds the members of groups, by the groups' ids. `file` and `place` tell where it stands.
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
    """One rule. `file` and `line` tell where it stands; the last two are derived."""

    id: str
    when: Condition
    unless: Condition | None = None
    description: str = ""
    mode: Mode = Mode.REPORT
    action: Action = Action.ENABLE
    #: Graph's name of a provider, used where the calendar names no default but allows this one
    provider_fallback: str | None = None
    limits: Limits = Limits()
    active: Window | None = None
    #: whether a fact that can't be read puts the decision off, instead of passing the rule over
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
        """The groups that the rule's conditions ask for."""
        return self.when.groups | (self.unless.groups if self.unless is not None else frozenset())

    def is_asked(self, now: datetime) -> bool:
        """Whether the rule counts at `now`: it is not off, and in its time."""
        return self.mode is not Mode.OFF and (self.active is None or now in self.active)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All rules, in the order in which they are asked, with the settings that stand beside them.

    `hash` is twelve hex digits over names and contents of all files. `lists` are the named lists of domains
    and addresses.
    """

    rules: tuple[Rule, ...]
    hash: str
    internal_domains: tuple[str, ...] | Literal[InternalDomains.AUTO] = AUTO
    skip_drafts: bool = True
    other_join_links: OtherJoinLinks = OtherJoinLinks()
    mailboxes: MailboxScope = field(default_factory=MailboxScope)
    sweep: Sweep = Sweep()
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

    def demoted(self, rule_id: str) -> "Policy":
        """Return this policy with one rule in report mode: a rule over its limit acts so."""
        rules = (replace(rule, mode=Mode.REPORT) if rule.id == rule_id else rule for rule in self.rules)
        return replace(self, rules=tuple(rules))

    @property
    def skip_other_join_links(self) -> bool:
        """Whether an event that carries another service's join link is left alone."""
        return self.other_join_links.skip

    @property
    def look_in_body(self) -> bool:
        """Whether other join links are looked for in the whole body too, so that it must be read."""
        return self.other_join_links.look_in_body

    @property
    def meeting_hosts(self) -> Domains:
        """The hosts to which every link is a join link."""
        return Domains(self.other_join_links.hosts)

    @property
    def groups(self) -> frozenset[str]:
        """The groups that conditions of rules ask for, off ones aside: their members should be known."""
        return frozenset().union(*(rule.groups for rule in self.rules if rule.mode is not Mode.OFF))

    @property
    def needs_tenant_domains(self) -> bool:
        """Whether the tenant's verified domains should be known before a decision."""
        return self.internal_domains is AUTO
