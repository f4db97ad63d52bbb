from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings

from shared.domain.decision import Reason, Verdict
from shared.domain.event import Event
from shared.rules.decide import decide
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from tests.rules.strategies import EVENTS, FACTS, GROUP, MOMENTS, policies


@settings(max_examples=300, deadline=None)
@given(event=EVENTS, policy=policies(), facts=FACTS, now=MOMENTS)
def test_decide_never_fails_and_is_deterministic(
    event: Event, policy: Policy, facts: Facts, now: datetime
) -> None:
    """For any event: the same input has the same decision, and a projection is enable or skip."""
    decision = decide(event, policy, facts, now)

    assert decide(event, policy, facts, now) == decision
    assert decision.projected in {Verdict.ENABLE, Verdict.SKIP}
    if decision.verdict is Verdict.ENABLE:
        assert decision.rule is not None


@settings(max_examples=100, deadline=None)
@given(event=EVENTS, policy=policies(), facts=FACTS, now=MOMENTS)
def test_our_own_write_leads_to_no_other_write(
    event: Event, policy: Policy, facts: Facts, now: datetime
) -> None:
    """The event is online after our PATCH, so its notification has no effect."""
    after = replace(event, is_online_meeting=True, join_url="https://teams.microsoft.com/l/meetup-join/1")
    decision = decide(after, policy, facts, now)

    assert (decision.verdict, decision.reason) == (Verdict.SKIP, Reason.ALREADY_ONLINE)


@settings(max_examples=200, deadline=None)
@given(event=EVENTS, policy=policies(), now=MOMENTS)
def test_missing_facts_never_lead_to_a_write(event: Event, policy: Policy, now: datetime) -> None:
    """An event that is enabled without the tenant's domains and groups would be enabled with any of them."""
    event = replace(event, end=now + timedelta(hours=1)) if now.year < 9000 else event
    if decide(event, policy, Facts(), now).verdict is Verdict.ENABLE:
        for domains in ((), ("contoso.com",), ("contoso.com", "fabrikam.com")):
            known = Facts(
                tenant_domains=frozenset(domains),
                members={GROUP: frozenset({"al@contoso.com"})},
                department="Legal",
            )
            assert decide(event, policy, known, now).verdict is Verdict.ENABLE
