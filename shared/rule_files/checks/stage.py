"""The checks: what is wrong with rules that could be read, each by itself and together."""

from collections.abc import Iterator
from dataclasses import replace

from shared.rule_files.checks.check_input import Check, CheckInput
from shared.rule_files.checks.contradictions import check_contradictions
from shared.rule_files.checks.list_warnings import check_lists
from shared.rule_files.checks.reachability import check_reachability
from shared.rule_files.checks.rule_warnings import (
    check_expiry,
    check_guarded,
    check_idle_keys,
    check_protection,
    check_safeguards,
    check_test_members,
)
from shared.rule_files.problems import Problem

#: for rules without contradictions
CHECKS: tuple[Check, ...] = (
    check_idle_keys,
    check_safeguards,
    check_test_members,
    check_expiry,
    check_protection,
    check_reachability,
    check_guarded,
    check_lists,
)


def check(given: CheckInput) -> Iterator[Problem]:
    """Yield all problems: contradictions, then the warnings about the other rules."""
    wrong: set[tuple[str, str | None]] = set()
    for problem in check_contradictions(given):
        wrong.add((problem.file, problem.rule))
        yield problem
    consistent = tuple(placed for placed in given.rules if (placed.rule.file, placed.rule.id) not in wrong)
    checked = replace(given, rules=consistent, is_complete=given.is_complete and not wrong)
    for each in CHECKS:
        yield from each(checked)
