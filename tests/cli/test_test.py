from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cli.clean import flat
from tests.cli.samples import RULES

PASSING = RULES.replace("expect: enable  # wrong", "expect: skip")


def test_passing_tests_are_listed_by_rule(joinlink: Any, write: Any) -> None:
    """The output names what they do not cover. That is not an error."""
    write(**{"rules/a.yaml": PASSING})
    result = joinlink("test")

    assert result.exit == 0
    assert (
        result.out
        == """\
opted-out  rules/a.yaml:4
    ✓ marked in the subject
external  rules/a.yaml:11
    ✓ a customer call
    ✓ not in the boardroom
1 rule without tests
    later  rules/a.yaml:25
Conditions that the tests of their rule do not cover
    opted-out
      subject contains "[no link]"       no test shows what happens when it is not met
    external
      external_attendees at least 1      no test shows what happens when it is not met
      sensitivity private, confidential  no test shows what happens when it is met
3 tests: 3 passed, 0 failed.
"""
    )


def test_a_failing_test_shows_expected_actual_and_why(joinlink: Any, write: Any) -> None:
    """It shows the conditions of the rule, each with the event's value."""
    write(**{"rules/a.yaml": RULES})
    result = joinlink("test", "--run", "boardroom")

    assert result.exit == 1
    assert (
        result.out
        == """\
external  rules/a.yaml:11
    ✗ not in the boardroom
        expected  enable, by external
        actual    skip (no_rule_matched)
        at        rules/a.yaml:21
        external was expected to decide
        when is met
          ✓ external_attendees at least 1        1
        unless is met, so the rule does not match
          ✓ any of
            ✓ has_room true                      true
            ✗ sensitivity private, confidential  normal

1 test: 0 passed, 1 failed.
"""
    )


def test_a_test_fails_if_another_rule_decides(joinlink: Any, write: Any) -> None:
    """The expected action is not enough if the tested rule did not decide."""
    first = "  - {id: first, when: {subject: call}}\n  - id: external\n"
    write(
        **{
            "rules/a.yaml": PASSING.replace("  - id: external\n", first).replace(
                "duration: 30m", "subject: call"
            )
        }
    )
    result = joinlink("test", "--run", "customer")

    assert result.exit == 1
    assert "        expected  enable, by external\n        actual    enable, by first\n" in result.out


@pytest.mark.parametrize(
    ("active", "why", "days"),
    [
        pytest.param("from: 2026-12-01", "is not active yet", "from 2026-12-01", id="not yet"),
        pytest.param("until: 2026-11-01", "is no longer active", "until 2026-11-01", id="no longer"),
        pytest.param("from: 2025-01-01, until: 2026-01-01", "is no longer active", "from 2025-01-01 until 2026-01-01", id="both"),
    ],
)  # fmt: skip
def test_a_rule_that_is_not_active_at_the_time_of_a_test_is_named(
    active: str, why: str, days: str, joinlink: Any, write: Any
) -> None:
    """All its conditions may be met, so without its days nobody finds the cause."""
    test = "{name: a call, event: {attendees: [bo@fabrikam.com]}, at: 2026-11-30 09:00, expect: enable}"
    rule = f"{{id: a, when: {{attendees: 1}}, active: {{{active}}}, tests: [{test}]}}"
    write(**{"rules/a.yaml": f"version: 1\nrules: [{rule}]\n"})
    text, marks = joinlink("test").out, joinlink("test", "--format", "github").out

    assert f"        active ✗ {days}  decided for 2026-11-30 09:00 UTC\n" in text
    for output in (text, marks):
        assert f"skip (no_rule_matched; a {why})" in output


def test_a_guard_that_decides_is_shown_with_its_cause(joinlink: Any, write: Any) -> None:
    """No rule counts, so none is shown."""
    write(**{"rules/a.yaml": PASSING.replace("duration: 30m", "draft: true")})

    assert "        actual    skip (draft)\n" in joinlink("test", "--run", "customer").out


def test_rules_without_tests_fail_if_tests_are_required(joinlink: Any, write: Any) -> None:
    """A pipeline can require tests."""
    write(**{"rules/a.yaml": PASSING})

    assert joinlink("test", "--require-tests").exit == 1


def test_rules_with_errors_are_not_tested(joinlink: Any, write: Any) -> None:
    """Their problems are shown instead, and the tests of other policies run."""
    write(**{"rules/a.yaml": PASSING, "more/b.yaml": "version: 2\n"})
    result = joinlink("test", "more", "rules")

    assert result.exit == 1
    assert result.out.startswith("more/b.yaml:1:10: version is 1, but this is the number 2\n")
    assert result.out.endswith("3 tests: 3 passed, 0 failed. 1 policy with errors.\n")


def test_a_pattern_hides_no_error(joinlink: Any, write: Any) -> None:
    """A policy with errors has no tests that could match, so the errors are shown."""
    write(**{"rules/a.yaml": "version: 2\n"})
    result = joinlink("test", "--run", "customer")

    assert result.exit == 1
    assert result.out.startswith("rules/a.yaml:1:10: version is 1, but this is the number 2\n")


@pytest.mark.parametrize("form", ["text", "github"])
def test_text_in_a_rule_cannot_start_a_new_line(form: str, joinlink: Any, write: Any) -> None:
    """GitHub's runner or a terminal would obey such a line."""
    name = '"a call\\n::error::pwned"'
    arguments = 'categories: ["x\\n::error::pwned"]'
    rules = RULES.replace("not in the boardroom", name).replace(
        "{has_room: true}", f"{{{arguments}}}, {{has_room: true}}"
    )
    write(**{"rules/a.yaml": rules})
    output = joinlink("test", "--format", form).out

    assert "pwned" in output
    assert not [line for line in output.splitlines() if line.strip().startswith("::error::pwned")]


def test_a_character_that_moves_the_cursor_becomes_a_space() -> None:
    """The subject of an event may contain it."""
    assert flat("a\x1b[2J\nb\u202ec") == "a [2J b c"


def test_failing_tests_are_marked_in_a_pull_request(joinlink: Any, write: Any) -> None:
    """Next to the test. Errors of a policy are marked next to theirs."""
    write(**{"rules/a.yaml": RULES, "more/b.yaml": "version: 2\n"})
    result = joinlink("test", "--require-tests", "--format", "github", "more", "rules")

    assert result.exit == 1
    assert result.out.splitlines() == [
        "::error file=more/b.yaml,line=1,col=10,title=Joinlink rules::version is 1, but this is the number 2",
        '::error file=rules/a.yaml,line=21,title=Joinlink tests::rule "external": not in the boardroom: expected enable, by external; actual skip (no_rule_matched)',
        '::error file=rules/a.yaml,line=25,title=Joinlink tests::rule "later": it has no tests',
    ]


def test_a_warning_is_not_a_failure_in_the_report(joinlink: Any, write: Any, folder: Path) -> None:
    """Pipelines count failures."""
    write(**{"rules/a.yaml": "version: 2\nrules: [{id: a, when: {}}]\n", "rules/b.yml": "version: 1\n"})
    joinlink("test", "--junit", "rules.xml")
    root = ET.parse(folder / "rules.xml").getroot()  # noqa: S314 -- our own output

    assert (root.get("tests"), root.get("failures")) == ("1", "1")


def test_the_report_for_pipelines_has_a_case_for_each_test(joinlink: Any, write: Any, folder: Path) -> None:
    """A missing folder for the report is created."""
    write(**{"rules/a.yaml": RULES})
    joinlink("test", "--require-tests", "--junit", "build/rules.xml")
    root = ET.parse(folder / "build/rules.xml").getroot()  # noqa: S314 -- our own output
    cases = {case.get("name"): case.find("failure") for case in root.iter("testcase")}

    assert (root.get("tests"), root.get("failures")) == ("4", "2")
    failure = cases["external: not in the boardroom"]
    assert failure is not None
    assert failure.get("message") == "expected enable, by external; actual skip (no_rule_matched)"
    assert failure.text == "rules/a.yaml:21: expected enable, by external; actual skip (no_rule_matched)"
    assert cases["later: has tests"] is not None
    assert {key for case in root.iter("testcase") for key in case.attrib} == {"name", "classname", "time"}


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        pytest.param("nothing like it", 'no test matches "nothing like it"', id="matches nothing"),
        pytest.param("(", '--run takes a regular expression, and "(" is not valid: missing ), unterminated subpattern at position 0', id="not a pattern"),
    ],
)  # fmt: skip
def test_a_pattern_that_matches_nothing_or_is_not_valid_is_refused(
    pattern: str, message: str, joinlink: Any, write: Any
) -> None:
    """Otherwise a run without tests would look like a success."""
    write(**{"rules/a.yaml": PASSING})
    result = joinlink("test", "--run", pattern)

    assert (result.exit, result.err) == (2, f"joinlink: {message}\n")


def test_files_are_named_as_the_admin_named_them(joinlink: Any, write: Any) -> None:
    """At any depth, so that a click on the name opens the file."""
    write(**{"rules/examples/a.yaml": PASSING})

    assert "external  rules/examples/a.yaml:11\n" in joinlink("test", "rules/examples/a.yaml").out
