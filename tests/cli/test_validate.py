import json
import os
import re
import sys
from typing import Any
from xml.etree import ElementTree as ET

import pytest

GOOD = """version: 1
rules:
  - id: no-link
    mode: enforce
    when: {subject: "[no link]"}
    action: skip
  - id: everyone
    mode: enforce
    when: {attendees: {at_least: 1}}
    limits: {per_hour: 10}
"""
BAD = """version: 1
rules:
  - id: external-meetings
    when: {attendes: 1, subject: {matches: "<100% & \\"x\\"("}}
"""


def read_xml(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 -- our own output


EMPTY = "version: 1\n"  # allowed, with a warning


def test_files_without_errors_are_shown_with_their_rules(joinlink: Any, write: Any) -> None:
    """An admin sees which rules would write."""
    write(
        **{"rules/a.yaml": GOOD, "rules/b.yaml": "version: 1\nrules:\n  - {id: later, mode: off, when: {}}\n"}
    )
    result = joinlink("validate")

    assert result.exit == 0
    assert "✓ rules: 3 rules in 2 files, policy " in result.out
    assert "    enforce  everyone  enable  adds links\n" in result.out
    assert "    off      later     enable\n" in result.out
    assert "Rules that add join links: everyone.\n" in result.out


def test_a_rule_outside_its_time_writes_nothing(joinlink: Any, write: Any) -> None:
    """A rule that has expired also gets a warning."""
    rule = "  - {{id: {id}, mode: enforce, when: {{subject: {id}}}, limits: {{per_hour: 1}}, active: {{{active}}}}}\n"
    rules = rule.format(id="old", active="until: 2020-01-01") + rule.format(
        id="new", active="from: 2900-01-01"
    )
    write(**{"rules/a.yaml": f"version: 1\nrules:\n{rules}"})
    result = joinlink("validate")
    report = json.loads(joinlink("validate", "--format", "json").out)

    assert (
        'rules/a.yaml:3:83: warning: rule "old": the rule ended on 2020-01-01; remove it, or change active\n'
        in result.out
    )
    assert (
        "    enforce  old  enable  not active today\n    enforce  new  enable  not active today\n"
        in result.out
    )
    assert "  These rules write nothing" in result.out
    assert [rule["writes"] for rule in report["policies"][0]["rules"]] == [False, False]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("rules/b.yml", "a rule file is named *.yaml; rename it", id="another suffix"),
        pytest.param("rules/B.YAML", "a rule file is named *.yaml; rename it", id="capitals"),
        pytest.param("rules/b.yaml.txt", "a rule file is named *.yaml; rename it", id="a suffix that Windows hides"),
        pytest.param("rules/sales/b.yaml", "it reads the folder itself, not the folders in it; move the file", id="a folder below"),
    ],
)  # fmt: skip
def test_a_file_that_the_cloud_does_not_read_gets_a_warning(
    name: str, why: str, joinlink: Any, write: Any
) -> None:
    """The cloud reads *.yaml of one folder: other files would have no effect."""
    write(**{"rules/a.yaml": GOOD, name: GOOD})
    result = joinlink("validate")

    assert result.exit == 0
    assert f"{name}:1:1: warning: the cloud does not read this file: {why}\n" in result.out


@pytest.mark.parametrize(
    "name", ["rules/examples/b.yaml", "rules/.git/b.yaml", "rules/.b.yml", "rules/notes.txt"]
)
def test_other_files_get_no_warning(name: str, joinlink: Any, write: Any) -> None:
    """These are examples, hidden files and notes."""
    write(**{"rules/a.yaml": GOOD.replace("enforce", "report"), name: GOOD})

    assert joinlink("validate", "--strict").exit == 0


def test_a_single_file_with_another_suffix_gets_a_warning(joinlink: Any, write: Any) -> None:
    """It has no errors, but the cloud would not read it."""
    write(**{"a.json": GOOD})
    result = joinlink("validate", "a.json")

    assert result.exit == 0
    assert (
        "a.json:1:1: warning: the cloud does not read this file: a rule file is named *.yaml; rename it\n"
        in result.out
    )


def test_a_problem_is_one_line(joinlink: Any, write: Any) -> None:
    """In a pipe there are no line breaks, colours or source lines."""
    write(**{"rules/a.yaml": BAD})
    result = joinlink("validate", "rules")

    assert result.exit == 1
    assert result.out.splitlines() == [
        'rules/a.yaml:4:12: rule "external-meetings": unknown condition "attendes" (did you mean "attendees"?)',
        'rules/a.yaml:4:44: rule "external-meetings": subject: matches: the pattern "<100% & "x"(" is not valid: a ")" is missing',
        "2 errors in 1 file.",
    ]


def test_colours_in_a_pipe_add_no_line_breaks(
    joinlink: Any, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pipelines set FORCE_COLOR and read lines."""
    write(**{"rules/a.yaml": BAD})
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    coloured = joinlink("validate").out
    monkeypatch.setenv("NO_COLOR", "1")
    plain = joinlink("validate").out

    assert "\x1b[" in coloured
    assert "\x1b[" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert len(plain.splitlines()) == 3


def test_a_folder_is_one_policy_and_a_file_is_another(joinlink: Any, write: Any) -> None:
    """An id is unique in a folder; single files may have the same ids."""
    write(**{"rules/a.yaml": GOOD, "rules/b.yaml": GOOD})

    assert joinlink("validate", "rules").exit == 1
    assert joinlink("validate", "rules/a.yaml", "rules/b.yaml").exit == 0


TWICE = """version: 1
drafts: skip
rules:
  - {id: one, when: {}}
"""


def test_files_have_the_names_that_the_admin_used(joinlink: Any, write: Any) -> None:
    """This includes the other place of a problem; in the cloud, names have only the last folder."""
    write(**{"deep/two/a.yaml": TWICE, "deep/two/b.yaml": TWICE})
    write(**{"deep/one/a.yaml": TWICE, "deep/one/b.yaml": "version: 1\nrules: [{id: two, when: {}}]\n"})
    result = joinlink("validate", "deep/two", "deep/one")

    assert (
        "b.yaml:2:1: drafts is already set, in deep/two/a.yaml:2; it holds for all files, so remove one of them\n"
        in result.out
    )
    assert 'rule "one": the id is already used, by the rule in deep/two/a.yaml:4\n' in result.out
    assert 'rule "one" (deep/one/a.yaml:4) is before it' in result.out


def test_strict_fails_for_warnings(joinlink: Any, write: Any) -> None:
    """A pipeline can be stricter than the cloud."""
    write(**{"rules/a.yaml": EMPTY})
    easy, strict = joinlink("validate"), joinlink("validate", "--strict")

    assert (easy.exit, strict.exit) == (0, 1)
    assert "rules/a.yaml:1:1: warning: there are no rules in any file, so Joinlink does nothing\n" in easy.out
    assert "no errors, 1 warning in 1 file.\n" in easy.out


def test_json_has_every_fact(joinlink: Any, write: Any) -> None:
    """A script does not need to parse text."""
    write(**{"rules/a.yaml": BAD, "more/b.yaml": GOOD})
    result = joinlink("validate", "rules", "more", "--format", "json")
    report = json.loads(result.out)

    assert result.exit == 1
    assert report["problems"][0] == {
        "file": "rules/a.yaml",
        "line": 4,
        "column": 12,
        "severity": "error",
        "rule": "external-meetings",
        "text": 'unknown condition "attendes"',
        "suggestion": "attendees",
    }
    assert [(policy["path"], policy["valid"]) for policy in report["policies"]] == [
        ("rules", False),
        ("more", True),
    ]
    assert [rule["writes"] for rule in report["policies"][1]["rules"]] == [False, True]


def test_github_shows_problems_next_to_their_lines(joinlink: Any, write: Any) -> None:
    """Percent signs and colons are escaped as GitHub's runner expects."""
    write(**{"rules/a,b.yaml": BAD})

    assert joinlink("validate", "--format", "github").out.splitlines()[1] == (
        "::error file=rules/a%2Cb.yaml,line=4,col=44,title=Joinlink rules::"
        'rule "external-meetings": subject: matches: the pattern "<100%25 & "x"(" is not valid: a ")" is missing'
    )


def test_a_tool_shows_a_warning_as_an_error_if_it_fails_the_check(joinlink: Any, write: Any) -> None:
    """Otherwise a failed check would show no error."""
    write(**{"rules/a.yaml": EMPTY})

    def output(form: str, *arguments: str) -> str:
        return str(joinlink("validate", "--format", form, *arguments).out)

    assert output("github").startswith("::warning ")
    assert output("github", "--strict").startswith("::error ")
    assert '"level": "error",\n          "message"' not in output("sarif")
    assert '"level": "error",\n          "message"' in output("sarif", "--strict")


def test_sarif_rules_have_the_texts_that_code_scanning_needs(joinlink: Any, write: Any) -> None:
    """GitHub shows the long text and the help next to an alert."""
    write(**{"rules/a.yaml": BAD})
    [run] = json.loads(joinlink("validate", "--format", "sarif").out)["runs"]

    for rule in run["tool"]["driver"]["rules"]:
        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help"))


def test_junit_escapes_text(joinlink: Any, write: Any) -> None:
    """A warning fails only with --strict."""
    write(**{"rules/a.yaml": BAD, "more/b.yaml": EMPTY})
    report = read_xml(joinlink("validate", "rules", "more", "--format", "junit").out)
    failures = [failure.get("message", "") for failure in report.iter("failure")]

    assert (report.get("tests"), report.get("failures")) == ("3", "2")
    assert 'the pattern "<100% & "x"("' in failures[1]
    strict = read_xml(joinlink("validate", "more", "--strict", "--format", "junit").out)
    assert strict.get("failures") == "1"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are text")
def test_sarif_escapes_a_folder_name_that_is_not_unicode(joinlink: Any, write: Any) -> None:
    """An old server may use Latin-1."""
    name = os.fsdecode(b"r\xe8gles")
    write(**{f"{name}/a.yaml": BAD})
    log = json.loads(joinlink("validate", name, "--format", "sarif").out)
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]

    assert place["artifactLocation"]["uri"] == "r%E8gles/a.yaml"


def test_sarif_names_file_line_and_column(joinlink: Any, write: Any) -> None:
    """Code scanning finds the place; spaces in the path are escaped."""
    write(**{"my rules/a.yaml": BAD})
    log = json.loads(joinlink("validate", "my rules", "--format", "sarif").out)
    [run] = log["runs"]
    result = run["results"][0]

    assert log["version"] == "2.1.0"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "my%20rules/a.yaml"},
        "region": {"startLine": 4, "startColumn": 12},
    }
    assert result["ruleId"] in {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert result["level"] == "error"
