"""Problems as SARIF 2.1.0, which code scanning services read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cli.output import print_json
from cli.rule_files import LoadedRules
from shared.rule_files.problems import Problem, Severity
from shared.version import VERSION

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RULES = {
    Severity.ERROR: (
        "rule-file-error",
        "A rule file has an error",
        "One error in any file keeps the changes of all files out of force.",
        "Fix what the message names. joinlink schema KEY shows how a key is written.",
    ),
    Severity.WARNING: (
        "rule-file-warning",
        "Something is allowed, but probably not intended",
        "Joinlink uses the policy. With --strict, warnings fail the check.",
        "Change what the message names, or leave it if it is intended.",
    ),
}


def print_problems(sets: Sequence[LoadedRules], *, strict: bool = False) -> None:
    """Print one log with one run; with `strict`, warnings have the level of errors."""
    results = [_result(problem, strict=strict) for rules in sets for problem in rules.problems]
    driver = {
        "name": "joinlink",
        "version": VERSION,
        "rules": [_rule(severity) for severity in _RULES],
    }
    # The loader's columns count characters; SARIF's default is UTF-16 code units.
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    print_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(severity: Severity) -> dict[str, Any]:
    name, short, full, fix = _RULES[severity]
    return {
        "id": name,
        "shortDescription": {"text": short},
        "fullDescription": {"text": full},
        "help": {"text": fix},
        "defaultConfiguration": {"level": severity},
    }


def _result(problem: Problem, *, strict: bool) -> dict[str, Any]:
    return {
        "ruleId": _RULES[problem.severity][0],
        "level": Severity.ERROR if strict else problem.severity,
        "message": {"text": problem.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(problem.file)},
                    "region": {"startLine": problem.line, "startColumn": problem.column},
                }
            }
        ],
    }


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(file))
