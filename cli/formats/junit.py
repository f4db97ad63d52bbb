"""Problems and test results as JUnit XML, which pipelines show as tests.

Azure Pipelines, GitLab and Jenkins read the same few elements. Jenkins's xUnit plugin refuses attributes that
it does not know, such as `file` and `line`, so the place is in the text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from cli.clean import for_xml
from cli.rule_files import LoadedRules
from shared.rule_files.problems import Problem, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class JunitCase:
    """One test case of the report; it passed if `failure` is empty."""

    name: str
    file: str
    failure: str = ""
    detail: str = ""


def print_problems(sets: Sequence[LoadedRules], *, strict: bool = False) -> None:
    """Print a suite with a case for each problem, and for each file without one; `strict` fails warnings."""
    cases = [case for rules in sets for case in _cases(rules, strict=strict)]
    print(document("joinlink validate", cases))


def document(suite: str, cases: Sequence[JunitCase]) -> str:
    """Return the whole report."""
    counts = {"tests": str(len(cases)), "failures": str(sum(bool(case.failure) for case in cases))}
    root = ET.Element("testsuites", {"name": "joinlink", **counts})
    parent = ET.SubElement(root, "testsuite", {"name": suite, **counts, "errors": "0", "skipped": "0"})
    for case in cases:
        named = {"name": for_xml(case.name), "classname": for_xml(case.file), "time": "0"}
        element = ET.SubElement(parent, "testcase", named)
        if case.failure:
            failure = ET.SubElement(element, "failure", {"message": for_xml(case.failure)})
            failure.text = for_xml(case.detail or case.failure)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}'


def _cases(rules: LoadedRules, *, strict: bool) -> Iterable[JunitCase]:
    by_file: dict[str, list[Problem]] = {name: [] for name in rules.contents}
    for problem in rules.problems:
        by_file.setdefault(problem.file, []).append(problem)
    for name, found in by_file.items():
        if not found:
            yield JunitCase(name=name, file=name)
        for problem in found:
            place = f"{problem.line}:{problem.column}"
            rule = f" {problem.rule}" if problem.rule else ""
            failed = strict or problem.severity is Severity.ERROR
            yield JunitCase(
                name=f"{place}{rule}: {problem.full_text}",
                file=name,
                failure=str(problem) if failed else "",
            )
