"""The decision: what to do with an event now, and what report mode would do if it were enforced.

First the guards, then the rules. If a fact that matters is not known, nothing is written, because a write
can't be undone. The body is such a fact, and so is the organizer's department: an event is decided without
them first, because most decisions don't depend on them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple

from shared.domain.decision import Action, Decision, Mode, Reason, Verdict
from shared.domain.event import Event
from shared.domain.mail_domains import Domains
from shared.rules.event.event_facts import EventFacts
from shared.rules.facts import Facts
from shared.rules.guards import guard_against
from shared.rules.policy import AUTO, Policy, Rule
from shared.rules.truth import Truth

#: a rule, and whether it matches: True, or None if that is unknown
_Candidate = tuple[Rule, Truth]


#: stands for every body with a join link
_BODY_WITH_LINK = "https://teams.microsoft.com/l/meetup-join/0"


class _RulesResult(NamedTuple):
    verdict: Verdict
    reason: Reason
    rule: str | None = None


def decide(event: Event, policy: Policy, facts: Facts, now: datetime) -> Decision:
    """Return what to do with the event at `now` (aware), and what would be done with report rules promoted.

    If a guard applies, the event is skipped and no rule is evaluated. Otherwise the first rule that matches
    decides: among the `enforce` rules for now, among all rules for the projection. Rules that are off or
    outside of their active time are not evaluated.

    If a fact is missing, it may be unknown whether a rule matches. Then later rules may decide, but:

    - If no later rule matches, the event is skipped as `insufficient_data`.
    - If the unknown rule is a skip rule, no later rule may enable.
    - If the unknown rule has `on_missing: retry`, the decision is delayed, provided that the fact can be read
      later and that the rule would change the result. In the projection, a delay is a skip.

    If the body is not known and the decision depends on it, the event is skipped as `insufficient_data`, too.
    """
    possible = possible_decisions(event, policy, facts, now)
    return possible[0] if len(possible) == 1 else _undecidable(possible)


def possible_decisions(event: Event, policy: Policy, facts: Facts, now: datetime) -> tuple[Decision, ...]:
    """Return the only decision; or if it depends on an unknown body, those without and with a link there."""
    texts = _possible_texts(event, policy)
    without = _decide_by_text(texts[0], policy, facts, now)
    if len(texts) == 1:
        return (without,)
    if not policy.skip_other_join_links:
        with_link = _decide_by_text(texts[1], policy, facts, now)
        return (without,) if with_link == without else (without, with_link)
    # Any link in the body would be a reason to skip. So the body matters only if the event would get a link.
    return (without, _skip(Reason.OTHER_JOIN_LINK)) if without.adds_link else (without,)


def depends_on_department(event: Event, policy: Policy, facts: Facts, now: datetime) -> bool:
    """Return whether the decision may depend on the organizer's department, which `facts` do not have."""
    if facts.department is not None or not policy.needs_department:
        return False
    for text in _possible_texts(event, policy):
        if guard_against(text, policy, facts, now):
            continue
        candidates = _candidates(policy, event_facts(text, policy, facts, now))
        for considered in (_enforced(candidates), candidates):
            if any(rule.needs_department for rule, _ in takewhile(_is_unknown, considered)):
                return True
    return False


def _possible_texts(event: Event, policy: Policy) -> tuple[Event, ...]:
    """Return the event; if its body matters and is not known, without and with a join link in the body."""
    if event.body is not None or not policy.look_in_body:
        return (event,)
    return (replace(event, body=""), replace(event, body=_BODY_WITH_LINK))


def _decide_by_text(event: Event, policy: Policy, facts: Facts, now: datetime) -> Decision:
    """Return the decision about an event whose text is known, as far as the policy needs it."""
    if reason := guard_against(event, policy, facts, now):
        return _skip(reason)
    candidates = _candidates(policy, event_facts(event, policy, facts, now))
    waits_for_fact = _waits_for_fact(policy, facts)
    return _decision(
        _first_match(_enforced(candidates), waits_for_fact), _first_match(candidates, waits_for_fact)
    )


def _skip(guard: Reason) -> Decision:
    skip = Verdict.SKIP
    return Decision(verdict=skip, reason=guard, projected=skip, projected_reason=guard)


def _undecidable(possible: tuple[Decision, ...]) -> Decision:
    """Return the skip of an event about which different decisions are possible."""
    skip, reason = Verdict.SKIP, Reason.INSUFFICIENT_DATA
    return Decision(
        verdict=skip,
        reason=reason,
        rule=next((each.rule for each in possible if each.rule), None),
        projected=skip,
        projected_reason=reason,
        projected_rule=next((each.projected_rule for each in possible if each.projected_rule), None),
    )


def event_facts(event: Event, policy: Policy, facts: Facts, now: datetime) -> EventFacts:
    """Return the facts of the event that the policy's conditions test at `now`."""
    return EventFacts(
        event,
        internal=_internal_domains(policy, facts),
        now=now,
        members=facts.members,
        lists=facts.lists,
        department=facts.department,
        meeting_hosts=policy.meeting_hosts,
        look_in_body=policy.look_in_body,
    )


def _internal_domains(policy: Policy, facts: Facts) -> Domains | None:
    if policy.internal_domains is not AUTO:
        return Domains(policy.internal_domains)
    # Every tenant has a verified domain. So an empty set is an error, and must not make everyone external.
    return Domains(facts.tenant_domains) if facts.tenant_domains else None


def _candidates(policy: Policy, facts: EventFacts) -> list[_Candidate]:
    """Return the rules that match, or may match, in their order."""
    candidates: list[_Candidate] = []
    for rule in policy.rules:
        matched = rule.is_evaluated(facts.now) and rule.matches(facts)
        if matched is not False:
            candidates.append((rule, matched))
    return candidates


def _enforced(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    return [(rule, matched) for rule, matched in candidates if rule.mode is Mode.ENFORCE]


def _waits_for_fact(policy: Policy, facts: Facts) -> Callable[[Rule], bool]:
    """Return a function that returns whether a rule waits for a fact that can be read later.

    Facts of the directory can be read later; the facts of the event itself can't.
    """
    domains_missing = policy.needs_tenant_domains and not facts.tenant_domains

    def is_missing(rule: Rule) -> bool:
        if domains_missing or not rule.groups <= facts.members.keys():
            return True
        return rule.needs_department and facts.department is None

    def waits_for_fact(rule: Rule) -> bool:
        return rule.retry_on_missing and is_missing(rule)

    return waits_for_fact


def _first_match(candidates: Sequence[_Candidate], waits_for_fact: Callable[[Rule], bool]) -> _RulesResult:
    """Return the result of the first rule that matches, with regard to the unknown rules before it."""
    unknown = [rule for rule, _ in takewhile(_is_unknown, candidates)]
    match = candidates[len(unknown)][0] if len(unknown) < len(candidates) else None
    action = Action.SKIP if match is None else match.action
    waiting = next(filter(waits_for_fact, unknown), None)
    if waiting is not None and any(rule.action is not action for rule in unknown):
        return _RulesResult(Verdict.RETRY, Reason.AWAITING_DATA, waiting.id)
    if match is None and not unknown:
        return _RulesResult(Verdict.SKIP, Reason.NO_RULE_MATCHED)
    if match is None:
        return _RulesResult(Verdict.SKIP, Reason.INSUFFICIENT_DATA, unknown[0].id)
    if match.action is Action.SKIP:
        return _RulesResult(Verdict.SKIP, Reason.RULE_SKIP, match.id)
    unknown_skip = next((rule for rule in unknown if rule.action is Action.SKIP), None)
    if unknown_skip is not None:
        return _RulesResult(Verdict.SKIP, Reason.INSUFFICIENT_DATA, unknown_skip.id)
    return _RulesResult(Verdict.ENABLE, Reason.LINK_ADDED, match.id)


def _is_unknown(candidate: _Candidate) -> bool:
    return candidate[1] is None


def _decision(now: _RulesResult, promoted: _RulesResult) -> Decision:
    verdict, reason, rule = now
    projected = Verdict.SKIP if promoted.verdict is Verdict.RETRY else promoted.verdict
    if verdict is Verdict.SKIP and projected is Verdict.ENABLE:
        verdict, reason, rule = Verdict.WOULD_ENABLE, Reason.REPORT_MODE, promoted.rule
    return Decision(
        verdict=verdict,
        reason=reason,
        rule=rule,
        enforced_rule=now.rule,
        projected=projected,
        projected_reason=promoted.reason,
        projected_rule=promoted.rule,
    )
