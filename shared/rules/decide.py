"""The decision: guards first, then the rules, folded once for now and once for what report mode promises.

Where something can't be told, the answer is the one that writes nothing: the write can't be taken back.
"""

from collections.abc import Iterable
from datetime import datetime

from shared.domain.decision import Action, Decision, Mode, Reason, RuleResult, Verdict
from shared.domain.event import Event
from shared.rules.domains import Domains, domains_of
from shared.rules.event_facts import EventFacts
from shared.rules.facts import Facts
from shared.rules.guards import guard_against
from shared.rules.policy import AUTO, Policy, Rule

#: what came of one fold: verdict, reason, and the id of the rule that decided
_Fold = tuple[Verdict, Reason, str | None]


def decide(event: Event, policy: Policy, facts: Facts, now: datetime) -> Decision:
    """Return what to do with the event at `now` (aware), and what would be done with report rules promoted.

    An event in which a guard sees a reason to stay away is skipped before any rule is asked. Then the first
    rule that matches decides, among the `enforce` rules for now, among all for the projection. A rule that
    is off or out of its time is not asked and not in the trace.

    A rule that could not be told (a fact is missing) is passed over, with three cautions: if
    nothing matches after it, the reason is `insufficient_data`; if it would have skipped, no later rule may
    enable; with `on_missing: retry` the decision is put off. In the projection a decision that is put off
    is a skip.
    """
    if reason := guard_against(event, policy, facts, now):
        skip = Verdict.SKIP
        return Decision(verdict=skip, reason=reason, projected=skip, projected_reason=reason)
    trace, open_or_met = _ask(policy.rules, event_facts(event, policy, facts, now), now)
    enforced = [(rule, result) for rule, result in open_or_met if rule.mode is Mode.ENFORCE]
    return _decision(_fold(enforced), _fold(open_or_met), trace)


def event_facts(event: Event, policy: Policy, facts: Facts, now: datetime) -> EventFacts:
    """Return the event as the policy's conditions see it at `now`."""
    return EventFacts(event, internal=_internal(policy, facts), now=now, members=facts.members)


def _internal(policy: Policy, facts: Facts) -> Domains | None:
    if policy.internal_domains is not AUTO:
        return domains_of(policy.internal_domains)
    # No tenant is without a verified domain: an empty set went wrong, and does not make all external.
    return domains_of(facts.tenant_domains) if facts.tenant_domains else None


def _ask(
    rules: Iterable[Rule], seen: EventFacts, now: datetime
) -> tuple[tuple[RuleResult, ...], list[tuple[Rule, RuleResult]]]:
    """Ask every rule once; return the whole trace, and the rules that matched or could not be told."""
    trace = []
    open_or_met = []
    for rule in rules:
        if not rule.is_asked(now):
            continue
        matched = rule.matches(seen)
        result = rule.results[matched]
        trace.append(result)
        if matched is not False:
            open_or_met.append((rule, result))
    return tuple(trace), open_or_met


def _fold(open_or_met: Iterable[tuple[Rule, RuleResult]]) -> _Fold:
    """Let the first match decide. `missing` is the first rule that could not be told and was passed over."""
    missing: str | None = None
    missing_skip: str | None = None
    for rule, result in open_or_met:
        if result.matched is None:
            if rule.retry_on_missing:
                return Verdict.RETRY, Reason.AWAITING_DATA, rule.id
            missing = missing or rule.id
            if rule.action is Action.SKIP:
                missing_skip = missing_skip or rule.id
        elif rule.action is Action.SKIP:
            return Verdict.SKIP, Reason.RULE_SKIP, rule.id
        elif missing_skip is not None:
            return Verdict.SKIP, Reason.INSUFFICIENT_DATA, missing_skip
        else:
            return Verdict.ENABLE, Reason.LINK_ADDED, rule.id
    if missing is not None:
        return Verdict.SKIP, Reason.INSUFFICIENT_DATA, missing
    return Verdict.SKIP, Reason.NO_RULE_MATCHED, None


def _decision(now: _Fold, promoted: _Fold, trace: tuple[RuleResult, ...]) -> Decision:
    verdict, reason, rule = now
    projected, projected_reason, projected_rule = promoted
    if projected is Verdict.RETRY:
        projected = Verdict.SKIP
    if verdict is Verdict.SKIP and projected is Verdict.ENABLE:
        verdict, reason, rule = Verdict.WOULD_ENABLE, Reason.REPORT_MODE, projected_rule
    return Decision(
        verdict=verdict,
        reason=reason,
        rule=rule,
        projected=projected,
        projected_reason=projected_reason,
        projected_rule=projected_rule,
        trace=trace,
    )
