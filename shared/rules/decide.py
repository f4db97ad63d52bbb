"""The decision: guards first, then the rules, folded once for now and once for what report mode promises.

Where something can't be told, the answer is the one that writes nothing: the write can't be taken back.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import takewhile

from shared.domain.decision import Action, Decision, Mode, Reason, Verdict
from shared.domain.event import Event
from shared.domain.mail_domains import Domains
from shared.rules.event.event_facts import EventFacts
from shared.rules.facts import Facts
from shared.rules.guards import guard_against
from shared.rules.policy import AUTO, Policy, Rule
from shared.rules.truth import Truth

#: what came of one fold: verdict, reason, and the id of the rule that decided
_Fold = tuple[Verdict, Reason, str | None]


def decide(event: Event, policy: Policy, facts: Facts, now: datetime) -> Decision:
    """Return what to do with the event at `now` (aware), and what would be done with report rules promoted.

    An event in which a guard sees a reason to stay away is skipped before any rule is asked. Then the first
    rule that matches decides, among the `enforce` rules for now, among all for the projection. A rule that
    is off or out of its time is not asked.

    A rule that could not be told (a fact is missing) is passed over, with three cautions: if
    nothing matches after it, the reason is `insufficient_data`; if it would have skipped, no later rule may
    enable; with `on_missing: retry` the decision is put off, if the fact may be had later and makes the
    difference. In the projection a decision that is put off is a skip.
    """
    if reason := guard_against(event, policy, facts, now):
        skip = Verdict.SKIP
        return Decision(verdict=skip, reason=reason, projected=skip, projected_reason=reason)
    open_or_met = _matching(policy, event_facts(event, policy, facts, now))
    enforced = [(rule, matched) for rule, matched in open_or_met if rule.mode is Mode.ENFORCE]
    awaited = _awaited(policy, facts)
    return _decision(_fold(enforced, awaited), _fold(open_or_met, awaited))


def event_facts(event: Event, policy: Policy, facts: Facts, now: datetime) -> EventFacts:
    """Return the event as the policy's conditions see it at `now`."""
    return EventFacts(
        event,
        internal=_internal(policy, facts),
        now=now,
        members=facts.members,
        lists=facts.lists,
        meeting_hosts=policy.meeting_hosts,
    )


def _internal(policy: Policy, facts: Facts) -> Domains | None:
    if policy.internal_domains is not AUTO:
        return Domains(policy.internal_domains)
    # No tenant is without a verified domain: an empty set went wrong, and does not make all external.
    return Domains(facts.tenant_domains) if facts.tenant_domains else None


def _matching(policy: Policy, seen: EventFacts) -> list[tuple[Rule, Truth]]:
    """Return the rules that match (True) or that can't be told (None), in their order."""
    results = ((rule, rule.matches(seen)) for rule in policy.rules if rule.is_evaluated(seen.now))
    return [(rule, matched) for rule, matched in results if matched is not False]


def _awaited(policy: Policy, facts: Facts) -> Callable[[Rule], bool]:
    """Return what tells the rules that wait for a fact that can be read later; an event's own facts can't."""
    domains_missing = policy.needs_tenant_domains and not facts.tenant_domains

    def is_awaited(rule: Rule) -> bool:
        return rule.retry_on_missing and (domains_missing or not rule.groups <= facts.members.keys())

    return is_awaited


def _fold(open_or_met: Sequence[tuple[Rule, Truth]], is_awaited: Callable[[Rule], bool]) -> _Fold:
    """Let the first match decide; the rules before it are those that could not be told."""
    passed = [rule for rule, _matched in takewhile(_is_open, open_or_met)]
    decides = open_or_met[len(passed)][0] if len(passed) < len(open_or_met) else None
    at_last = Action.SKIP if decides is None else decides.action
    awaited = next(filter(is_awaited, passed), None)
    if awaited is not None and {rule.action for rule in passed} != {at_last}:
        return Verdict.RETRY, Reason.AWAITING_DATA, awaited.id
    skips = next((rule for rule in passed if rule.action is Action.SKIP), None)
    if decides is None and not passed:
        return Verdict.SKIP, Reason.NO_RULE_MATCHED, None
    if decides is None:
        return Verdict.SKIP, Reason.INSUFFICIENT_DATA, passed[0].id
    if decides.action is Action.SKIP:
        return Verdict.SKIP, Reason.RULE_SKIP, decides.id
    if skips is not None:
        return Verdict.SKIP, Reason.INSUFFICIENT_DATA, skips.id
    return Verdict.ENABLE, Reason.LINK_ADDED, decides.id


def _is_open(asked: tuple[Rule, Truth]) -> bool:
    return asked[1] is None


def _decision(now: _Fold, promoted: _Fold) -> Decision:
    verdict, reason, rule = now
    enforced_rule = rule
    projected, projected_reason, projected_rule = promoted
    if projected is Verdict.RETRY:
        projected = Verdict.SKIP
    if verdict is Verdict.SKIP and projected is Verdict.ENABLE:
        verdict, reason, rule = Verdict.WOULD_ENABLE, Reason.REPORT_MODE, projected_rule
    return Decision(
        verdict=verdict,
        reason=reason,
        rule=rule,
        enforced_rule=enforced_rule,
        projected=projected,
        projected_reason=projected_reason,
        projected_rule=projected_rule,
    )
