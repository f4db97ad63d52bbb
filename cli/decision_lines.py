"""The results of guards and conditions as lines: the expected value on the left, the event's on the right.

✓ holds   ✗ does not hold   · unknown
"""

from collections.abc import Iterator
from datetime import datetime

from rich.text import Text

from cli.clean import flat
from cli.lines import Line, mark
from shared.rules.explain import ConditionResult, RuleResult, RuleStatus
from shared.rules.guards import GuardResult
from shared.rules.truth import Truth

#: before the guard or the rule that decides
DECIDES = ("▶ ", "mark")
#: why a rule is not evaluated
NOT_EVALUATED = {
    RuleStatus.OFF: "is off",
    RuleStatus.NOT_YET_ACTIVE: "is not active yet",
    RuleStatus.NO_LONGER_ACTIVE: "is no longer active",
}
_APPLIES_TOO = ("■ ", "mark")
_INDENT = "  "
_MET: dict[Truth, str] = {True: "is met", False: "is not met", None: "is unknown"}


def guard_line(guard: GuardResult, *, decides: bool) -> Line:
    """Return a guard's line, with a mark if the guard decides, or if it applies too."""
    sign = DECIDES if decides else _APPLIES_TOO if guard.applies else "  "
    is_important = decides or guard.applies
    left = Text.assemble(sign, (guard.reason.value, "bold" if is_important else ""))
    return Line(left, Text(guard.why, "" if is_important else "dim"))


def rule_lines(rule: RuleResult, now: datetime) -> Iterator[Line]:
    """Yield the lines of a rule's active days, if it has any, and of its conditions, at `now`."""
    if rule.rule.active is not None:
        is_active = now in rule.rule.active
        left = Text.assemble(("active", "bold"), " ", mark(is_active), f" {rule.rule.active}")
        yield Line(left, Text(f"decided for {now:%Y-%m-%d %H:%M} UTC"))
    yield from _block("when", rule.when, _MET)
    if rule.unless is not None:
        yield from _block("unless", rule.unless, {**_MET, True: "is met, so the rule does not match"})


def _block(key: str, condition: ConditionResult, results: dict[Truth, str]) -> Iterator[Line]:
    if condition.name == "all" and not condition.children:
        yield Line(Text.assemble((key, "bold"), " every event"))
        return
    yield Line(Text.assemble((key, "bold"), f" {results[condition.holds]}"))
    for child in condition.children if condition.name == "all" else (condition,):
        yield from _condition_lines(child, 1)


def _condition_lines(condition: ConditionResult, depth: int) -> Iterator[Line]:
    if condition.name == "all" and len(condition.children) == 1:
        yield from _condition_lines(
            condition.children[0], depth
        )  # an "all of" with one condition adds nothing
        return
    left = Text.assemble(_INDENT * depth, mark(condition.holds), " ")
    expected = flat(condition.expected)
    if condition.children:
        yield Line(left.append(expected))
    else:
        yield Line(left.append(f"{condition.name} ").append(expected, "dim"), Text(flat(condition.actual)))
    for child in condition.children:
        yield from _condition_lines(child, depth + 1)
