"""The meeting of a canary: a rule wants it, and nobody but the mailbox is mailed."""

from dataclasses import replace

import pytest

from shared.desk.canary.canary_plan import CanaryExpectation, NoCanary
from tests.desk.canary.canary_tenant import CanaryTenant

INVENTED = "joinlink-canary@example.com"


@pytest.mark.parametrize(
    ("wish", "rule", "attendees", "expectation"),
    [
        pytest.param({}, "external", ["ada@contoso.com", INVENTED], CanaryExpectation.LINK, id="the first enforced rule"),
        pytest.param({"rule": "trial"}, "trial", ["ada@contoso.com"], CanaryExpectation.REPORT, id="only without the invented address"),
        pytest.param({"attendees": ["joe@northwind.com"]}, "partners", ["joe@northwind.com"], CanaryExpectation.LINK, id="a partner"),
        pytest.param({"is_online": True}, "external", ["ada@contoso.com", INVENTED], CanaryExpectation.LEFT, id="online"),
    ],
)  # fmt: skip
def test_a_meeting_that_a_rule_wants(
    wish: dict[str, object], rule: str, attendees: list[str], expectation: CanaryExpectation
) -> None:
    """The guests of a rule's test may be real: they are not invited."""
    plan = CanaryTenant().plan(**wish)

    assert (plan.rule.id, list(plan.attendees), plan.expectation) == (rule, attendees, expectation)
    assert [each["emailAddress"]["address"] for each in plan.body["attendees"]] == attendees


def test_under_the_brake_it_expects_no_link() -> None:
    """For an enforced rule, too."""
    tenant = CanaryTenant()
    tenant.judge = replace(tenant.judge, has_brake=True)

    assert tenant.plan().expectation is CanaryExpectation.REPORT


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        pytest.param({"rule": "partners"}, "name other attendees with --attendee", id="it wants other guests"),
        pytest.param({"rule": "no-such"}, 'no rule "no-such" that adds links: trial, partners, external', id="unknown"),
    ],
)  # fmt: skip
def test_no_meeting(wish: dict[str, object], text: str) -> None:
    """It says what to do."""
    with pytest.raises(NoCanary, match=text):
        CanaryTenant().plan(**wish)
