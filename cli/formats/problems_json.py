"""Problems as one JSON object, for scripts."""

from collections.abc import Sequence
from typing import Any

from cli.rule_files import LoadedRules
from shared.rule_files.problems import Problem


def documents(sets: Sequence[LoadedRules]) -> dict[str, Any]:
    """Return all problems, and the rules of each policy."""
    return {
        "problems": [document(problem) for rules in sets for problem in rules.problems],
        "policies": [_policy(rules) for rules in sets],
    }


def document(problem: Problem) -> dict[str, Any]:
    """Return a problem as values that JSON can contain."""
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity,
        "rule": problem.rule,
        "text": problem.full_text,
        "suggestion": problem.suggestion,
    }


def _policy(rules: LoadedRules) -> dict[str, Any]:
    policy = rules.policy
    return {
        "path": rules.path.as_posix(),
        "valid": policy is not None,
        "hash": policy.hash if policy else None,
        "rules": [
            {
                "id": rule.id,
                "mode": rule.mode,
                "action": rule.action,
                "writes": rules.writes(rule),
            }
            for rule in (policy.rules if policy else ())
        ],
    }
