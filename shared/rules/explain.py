"""A decision with everything that led to it: each guard, each rule in order, each condition.

    explanation = explain(event, policy, facts, now)
    explanation.decision                 what decide() says, by decide() itself
    explanation.guards                   GuardLine(reason, holds, why, decided)
    explanation.rules                    RuleLine(rule, asked, matched, when, unless,
                                                  decided, decided_if_promoted)
    explanation.rules[0].when.children   ConditionLine(name, expected, actual, holds, children)

Guards and rules stand in the order in which they are asked. All of them are shown, those too that were
not asked any more because an earlier line decided.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.decision import Decision, Mode, Reason
from shared.domain.event import Event
from shared.rules.conditions import Condition
from shared.rules.decide import decide, event_facts
from shared.rules.event.event_facts import EventFacts
from shared.rules.facts import Facts
from shared.rules.guards import GUARDS
from shared.rules.policy import Policy, Rule
from shared.rules.truth import Truth


class Asked(StrEnum):
    """Whether a rule counts at this moment, and if not, why."""

    YES = "yes"
    OFF = "off"
    NOT_YET = "not yet active"
    NO_MORE = "active no more"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLine:
    """One guard: whether it holds, what it sees, and whether it decided (the first that holds does)."""

    reason: Reason
    holds: bool
    why: str
    decided: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionLine:
    """One condition: what the rule expects, what the event has, and whether they meet (None: can't be told).

    `all`, `any` and `not` have children, and no actual value of their own.
    """

    name: str
    expected: str
    actual: str
    holds: Truth
    children: tuple["ConditionLine", ...] = ()

    def leaves(self) -> Iterator["ConditionLine"]:
        """Yield the conditions that ask the event, from top to bottom."""
        if self.name not in {"all", "any", "not"}:
            yield self
        for child in self.children:
            yield from child.leaves()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule: whether it is asked, whether it matches, and whether the decision is its own.

    It matches where `when` holds and `unless` fails. `decided` is for now, among the enforced rules alone;
    `decided_if_promoted` is with the report rules promoted.
    """

    rule: Rule
    asked: Asked
    matched: Truth
    when: ConditionLine
    unless: ConditionLine | None
    decided: bool
    decided_if_promoted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision and all lines behind it."""

    decision: Decision
    guards: tuple[GuardLine, ...]
    rules: tuple[RuleLine, ...]


def explain(event: Event, policy: Policy, facts: Facts, now: datetime) -> Explanation:
    """Return the decision for the event at `now` (aware), with every guard, rule and condition behind it."""
    decision = decide(event, policy, facts, now)
    seen = event_facts(event, policy, facts, now)
    return Explanation(
        decision=decision,
        guards=tuple(_guards(event, policy, facts, now)),
        rules=tuple(_rule(rule, seen, decision) for rule in policy.rules),
    )


def _guards(event: Event, policy: Policy, facts: Facts, now: datetime) -> Iterator[GuardLine]:
    decided = False
    for guard in GUARDS:
        holds = guard.holds(event, policy, facts, now)
        why = guard.why(event, policy, facts, now)
        yield GuardLine(reason=guard.reason, holds=holds, why=why, decided=holds and not decided)
        decided = decided or holds


def _rule(rule: Rule, seen: EventFacts, decision: Decision) -> RuleLine:
    return RuleLine(
        rule=rule,
        asked=_asked(rule, seen.now),
        matched=rule.matches(seen),
        when=_condition(rule.when, seen),
        unless=None if rule.unless is None else _condition(rule.unless, seen),
        decided=rule.id == decision.enforced_rule,
        decided_if_promoted=rule.id == decision.projected_rule,
    )


def _asked(rule: Rule, now: datetime) -> Asked:
    if rule.is_evaluated(now):
        return Asked.YES
    if rule.mode is Mode.OFF:
        return Asked.OFF
    early = rule.active is not None and rule.active.start is not None and now < rule.active.start
    return Asked.NOT_YET if early else Asked.NO_MORE


def _condition(condition: Condition, seen: EventFacts) -> ConditionLine:
    return ConditionLine(
        name=condition.name,
        expected=condition.expected,
        actual=condition.actual(seen),
        holds=condition.holds(seen),
        children=tuple(_condition(child, seen) for child in condition.children),
    )
