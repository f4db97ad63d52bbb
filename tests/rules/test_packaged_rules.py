"""The packaged rules do what their comments say."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.domain.decision import Mode
from shared.domain.event import Attendee, Location
from shared.rule_files.loader import RuleFile, load_policy
from shared.rules.decide import decide
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from shared.rules.rule_test_coverage import coverage_gaps
from shared.rules.rule_tests import run_tests

FOLDER = Path(__file__).parents[2] / "rules"
FACTS = Facts(tenant_domains=frozenset({"contoso.com"}))


@pytest.fixture(scope="module")
def policy() -> Policy:
    files = [RuleFile(f"rules/{file.name}", file.read_bytes()) for file in sorted(FOLDER.glob("*.yaml"))]
    loaded = load_policy(files)
    assert [str(problem) for problem in loaded.problems] == []
    assert loaded.policy is not None
    return loaded.policy


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, "would_enable external-meetings", id="a customer call"),
        pytest.param({"attendees": (Attendee(address="cy@contoso.com"),)}, "skip None", id="colleagues only"),
        pytest.param({"subject": "Lunch [No Link]"}, "skip opted-out", id="opted out in the subject"),
        pytest.param({"categories": ("In person",)}, "skip opted-out", id="opted out by category"),
        pytest.param({"categories": ("No link",)}, "skip opted-out", id="opted out by the other category"),
        pytest.param({"sensitivity": "private"}, "skip None", id="private"),
        pytest.param({"sensitivity": "confidential"}, "skip None", id="confidential"),
        pytest.param({"is_all_day": True}, "skip None", id="all day"),
        pytest.param({"locations": (Location(display_name="4.11", type="conferenceRoom"),)}, "skip None", id="in a room"),
        pytest.param({"body_preview": "https://zoom.us/j/1"}, "skip None", id="on Zoom already"),
        pytest.param({"is_draft": True}, "skip None", id="draft"),
    ],
)  # fmt: skip
def test_an_event_is_decided_as_the_comments_say(
    changes: dict[str, Any], expected: str, policy: Policy, make_event: Any, now: Any
) -> None:
    """A new admin can rely on the comments."""
    decision = decide(make_event(**changes), policy, FACTS, now)

    assert f"{decision.verdict} {decision.rule}" == expected


def test_the_tests_in_the_file_pass(policy: Policy) -> None:
    """They cover every condition in both directions."""
    results = run_tests(policy)

    assert [result.test.name for result in results if not result.passed] == []
    assert coverage_gaps(policy, results) == ()


def test_an_event_of_several_days_gets_no_link(policy: Policy, make_event: Any, now: Any) -> None:
    """An event that is longer than a day is probably not a call."""
    event = make_event(end=now + timedelta(days=1, hours=25))

    assert decide(event, policy, FACTS, now).rule is None


def test_nothing_is_written_before_an_admin_enforces_a_rule(policy: Policy) -> None:
    """Only skip rules are enforced, and the rule that adds links has limits."""
    enforced = [rule.id for rule in policy.rules if rule.mode is Mode.ENFORCE]
    limits = policy.rule("external-meetings").limits

    assert enforced == ["opted-out"]
    assert None not in (limits.per_hour, limits.per_mailbox_per_day)
    assert policy.needs_tenant_domains
