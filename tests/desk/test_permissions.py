import base64
import json
from datetime import date

import pytest

from shared.desk.permissions import granted_rights, needed_permissions
from shared.rule_files.loader import RuleFile, load_policy
from shared.rules.policy import Policy

GROUP = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"
ALWAYS = ["Calendars.Read", "User.Read.All", "MailboxSettings.Read"]


def token(claims: object) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "RS256"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "signature"])


def policy(text: str) -> Policy:
    loaded = load_policy([RuleFile("rules/a.yaml", f"version: 1\n{text}".encode())], date(2026, 11, 22))
    assert loaded.policy is not None, loaded.problems
    return loaded.policy


@pytest.mark.parametrize(
    ("value", "roles"),
    [
        pytest.param(token({"roles": ["Calendars.Read"]}), {"Calendars.Read"}, id="a token with roles"),
        pytest.param(token({"aud": "x"}), set(), id="a token without"),
        pytest.param(
            token({"scp": "Calendars.Read.Shared User.Read.All"}),
            {"Calendars.Read", "User.Read.All"},
            id="a person's token",
        ),
        pytest.param(token({"scp": ["x"]}), None, id="not text"),
        pytest.param("opaque", None, id="an opaque token"),
        pytest.param("a.b.c", None, id="not JSON"),
        pytest.param(token(["x"]), None, id="not an object"),
        pytest.param(token({"roles": "x"}), None, id="not a list"),
        pytest.param("\u00e4.\u00e4.\u00e4", None, id="not base64"),
    ],
)
def test_roles_are_read_from_readable_tokens(value: str, roles: set[str] | None) -> None:
    """An opaque token gives None."""
    assert granted_rights(value) == roles


POLICIES = [
    pytest.param("internal_domains: [a.com]\nrules: [{id: a, mode: report, when: {subject: x}}]", ALWAYS, id="report mode writes nothing"),
    pytest.param("internal_domains: [a.com]\nrules: [{id: a, mode: enforce, when: {subject: x}}]", [*ALWAYS, "Calendars.ReadWrite"], id="enforced"),
    pytest.param("rules: [{id: a, mode: report, when: {subject: x}}]", [*ALWAYS, "Organization.Read.All"], id="the tenant's domains"),
    pytest.param(f"internal_domains: [a.com]\nmailboxes: {{include: [{{group: {GROUP}}}]}}\nrules: []", [*ALWAYS, "GroupMember.Read.All"], id="a group in scope"),
    pytest.param(f"internal_domains: [a.com]\nrules: [{{id: a, mode: report, when: {{organizer: {{member_of: {GROUP}}}}}}}]", [*ALWAYS, "GroupMember.Read.All"], id="a group in a condition"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "names"), POLICIES)
def test_the_rules_decide_which_permissions_are_needed(text: str, names: list[str]) -> None:
    """Only those."""
    assert sorted(one.name for one in needed_permissions(policy(text), report_only=False)) == sorted(names)


def test_report_mode_needs_no_permission_to_write() -> None:
    """Without valid rules, only what every policy needs is known."""
    enforced = policy("internal_domains: [a.com]\nrules: [{id: a, mode: enforce, when: {subject: x}}]")

    assert [one.name for one in needed_permissions(enforced, report_only=True)] == ALWAYS
    assert [one.name for one in needed_permissions(None, report_only=False)] == ALWAYS


def test_a_larger_permission_is_enough() -> None:
    """The admin need not grant a second one."""
    one = next(
        one
        for one in needed_permissions(policy("rules: []"), report_only=False)
        if one.name == "User.Read.All"
    )

    assert one.is_granted(frozenset({"Directory.Read.All"}))
    assert not one.is_granted(frozenset({"Calendars.Read"}))
