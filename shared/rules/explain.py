"""The explanation of a decision: the result of each guard, each rule and each condition.

It has all guards and rules, in the order in which they are checked. This includes those that did not matter
because an earlier one decided.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.decision import Decision, Mode
from shared.domain.event import Event
from shared.rules.conditions import Condition
from shared.rules.decide import decide, event_facts, possible_decisions
from shared.rules.event.event_facts import EventFacts
from shared.rules.facts import Facts
from shared.rules.guards import GuardResult, check_guards
from shared.rules.policy import Policy, Rule
from shared.rules.truth import Truth


class RuleStatus(StrEnum):
    """Whether a rule is evaluated at a given time; if not, why not. The values are in the JSON output."""

    EVALUATED = "yes"
    OFF = "off"
    NOT_YET_ACTIVE = "not yet active"
    NO_LONGER_ACTIVE = "active no more"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionResult:
    """A condition: what the rule expects, what the event has, and whether the condition holds.

    `holds` is None if that is unknown. `all`, `any` and `not` have children instead of an actual value.
    """

    name: str
    expected: str
    actual: str
    holds: Truth
    children: tuple["ConditionResult", ...] = ()

    def leaves(self) -> Iterator["ConditionResult"]:
        """Yield the conditions that test a fact of the event, from top to bottom."""
        if self.name not in {"all", "any", "not"}:
            yield self
        for child in self.children:
            yield from child.leaves()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """A rule: whether it is evaluated, whether it matches, and whether it decides.

    A rule matches if `when` holds and `unless` does not.
    """

    rule: Rule
    status: RuleStatus
    matched: Truth
    when: ConditionResult
    unless: ConditionResult | None
    #: the rule decides now, among the enforced rules
    decided: bool
    #: the rule would decide if the report rules were promoted
    decided_if_promoted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision with the results that lead to it."""

    decision: Decision
    guards: tuple[GuardResult, ...]
    rules: tuple[RuleResult, ...]
    #: the body is not known, and the decision depends on it
    depends_on_body: bool

    @property
    def deciding_guard(self) -> GuardResult | None:
        """The guard that decides; None if the rules decide."""
        return _deciding_guard(self.guards, depends_on_body=self.depends_on_body)


def explain(event: Event, policy: Policy, facts: Facts, now: datetime) -> Explanation:
    """Return the decision of `decide` for the event at `now` (aware), with all results."""
    decision = decide(event, policy, facts, now)
    seen = event_facts(event, policy, facts, now)
    guards = check_guards(event, policy, facts, now)
    depends_on_body = len(possible_decisions(event, policy, facts, now)) > 1
    deciding = None if _deciding_guard(guards, depends_on_body=depends_on_body) else decision
    return Explanation(
        decision=decision,
        guards=guards,
        rules=tuple(_rule_result(rule, seen, deciding) for rule in policy.rules),
        depends_on_body=depends_on_body,
    )


def _deciding_guard(guards: tuple[GuardResult, ...], *, depends_on_body: bool) -> GuardResult | None:
    """Return the first guard that applies, or the one that may apply if the decision depends on the body."""
    applying = next((guard for guard in guards if guard.applies), None)
    if applying is None and depends_on_body:
        return next((guard for guard in guards if guard.applies is None), None)
    return applying


def _rule_result(rule: Rule, facts: EventFacts, decision: Decision | None) -> RuleResult:
    """Return the results of a rule; `decision` is None if a guard decides."""
    return RuleResult(
        rule=rule,
        status=_status(rule, facts.now),
        matched=rule.matches(facts),
        when=_condition_result(rule.when, facts),
        unless=None if rule.unless is None else _condition_result(rule.unless, facts),
        decided=decision is not None and rule.id == decision.enforced_rule,
        decided_if_promoted=decision is not None and rule.id == decision.projected_rule,
    )


def _status(rule: Rule, now: datetime) -> RuleStatus:
    if rule.is_evaluated(now):
        return RuleStatus.EVALUATED
    if rule.mode is Mode.OFF:
        return RuleStatus.OFF
    is_early = rule.active is not None and rule.active.start is not None and now < rule.active.start
    return RuleStatus.NOT_YET_ACTIVE if is_early else RuleStatus.NO_LONGER_ACTIVE


def _condition_result(condition: Condition, facts: EventFacts) -> ConditionResult:
    return ConditionResult(
        name=condition.name,
        expected=condition.expected,
        actual=condition.actual(facts),
        holds=condition.holds(facts),
        children=tuple(_condition_result(child, facts) for child in condition.children),
    )
