from dataclasses import replace
from datetime import date

import pytest

from shared.rule_files.checks.check_input import CheckInput, PlacedRule
from shared.rule_files.checks.stage import CHECKS, check
from shared.rule_files.problems import Severity
from shared.rule_files.reading.session import Budget
from shared.rule_files.yaml_tree.nodes import MappingNode
from shared.rules.conditions import Condition, all_of
from shared.rules.policy import Rule
from shared.rules.value_sets import FALSE, TRUE, ValueSet

NODE = MappingNode(3, 5, (), {})


def flag(values: ValueSet) -> Condition:
    return Condition(name="has_room", expected="", holds=lambda _facts: None, place=NODE, accepts=values)


def given(*rules: Rule) -> CheckInput:
    placed = tuple(PlacedRule(rule, NODE) for rule in rules)
    return CheckInput(rules=placed, today=date(2026, 6, 1), budget=Budget(1000))


CONSISTENT = Rule(id="a", when=all_of((flag(TRUE),), NODE), file="x.yaml", line=3)
CONTRADICTORY = replace(CONSISTENT, id="b", when=all_of((flag(TRUE), flag(FALSE)), NODE))


@pytest.mark.parametrize("each", [pytest.param(each, id=each.__name__) for each in CHECKS])
def test_a_check_takes_rules_and_yields_problems(each: object) -> None:
    """A rule without anything special has none."""
    assert callable(each)

    assert list(each(given(CONSISTENT))) == []


def test_a_contradiction_is_an_error_at_its_place() -> None:
    """It names the rule."""
    [problem] = check(given(CONTRADICTORY))

    assert (problem.file, problem.line, problem.column, problem.rule) == ("x.yaml", 3, 5, "b")
    assert problem.severity is Severity.ERROR


def test_a_contradictory_rule_gets_no_warnings() -> None:
    """It is not compared with other rules: here, with the same rule again."""
    problems = list(check(given(CONSISTENT, CONTRADICTORY, replace(CONSISTENT, id="c"))))

    assert [(problem.rule, problem.severity) for problem in problems] == [
        ("b", Severity.ERROR),
        ("c", Severity.WARNING),
    ]
