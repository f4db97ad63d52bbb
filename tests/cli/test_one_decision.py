import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings, strategies as st

from cli.event_file import read_events
from cli.explained_event import ExplainedEvent
from cli.formats import explain_json
from shared.domain.decision import Action
from shared.rules.decide import decide
from shared.rules.event_sketch import EventSketch
from shared.rules.explain import explain
from shared.rules.facts import Facts
from shared.rules.policy import Policy, RuleTest
from shared.rules.rule_tests import run_test
from tests.cli import graph_json
from tests.rules.strategies import GROUP, PEOPLE, SKETCHES, policies


@settings(max_examples=200, deadline=None)
@given(sketch=SKETCHES, policy=policies(), members=st.none() | st.frozensets(PEOPLE, max_size=3))
def test_rule_tests_explain_and_the_worker_decide_alike(
    sketch: EventSketch, policy: Policy, members: frozenset[str] | None
) -> None:
    """For the event of a rule test and for the same event in Graph's JSON."""
    known = {} if members is None else {GROUP: members}
    test = RuleTest(name="t", event=sketch, expect=Action.ENABLE, members=known)
    tested = run_test(policy, policy.rules[0], test)
    promoted = replace(policy, rules=tuple(line.rule for line in tested.explanation.rules))
    house = "contoso.com"
    facts = Facts(
        tenant_domains=frozenset({house}),
        members={group: _addresses(names) for group, names in known.items()},
        department=sketch.department,
    )
    now = sketch.moment(None)

    with TemporaryDirectory() as folder:
        file = Path(folder) / "event.json"
        file.write_text(json.dumps(graph_json.of_event(sketch.event(now=now, company=house))))
        [event] = [read.event for read in read_events(file)]
    explanation = explain(event, promoted, facts, now)
    document = explain_json.document(
        ExplainedEvent(event=event, policy=promoted, facts=facts, now=now), explanation
    )

    assert event == sketch.event(now=now, company=house)
    assert tested.decision == decide(event, promoted, facts, now) == explanation.decision
    assert (document["verdict"], document["reason"], document["rule"]) == (
        tested.decision.verdict,
        tested.decision.reason,
        tested.decision.rule,
    )
    assert tested.explanation == explanation


def _addresses(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name if "@" in name else f"{name}@contoso.com" for name in names)
