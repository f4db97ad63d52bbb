"""Warnings about rules that are allowed but probably not intended."""

from collections.abc import Iterator

from shared.domain.decision import Action, Mode
from shared.rule_files.checks.check_input import CheckInput, PlacedRule
from shared.rule_files.checks.conjunction import Conjunction, parts_of
from shared.rule_files.problems import Problem
from shared.rule_files.reading.session import Budget
from shared.rules.policy import Rule
from shared.rules.value_sets import TRUE


def check_idle_keys(given: CheckInput) -> Iterator[Problem]:
    """Yield keys that have no effect: a rule that skips writes nothing."""
    for placed in given.rules:
        for key in ("limits", "provider") if placed.rule.action is Action.SKIP else ():
            if placed.has(key):
                yield placed.warning(
                    placed.place_of(key), f"{key} has no effect in a rule that skips; remove it"
                )


def check_safeguards(given: CheckInput) -> Iterator[Problem]:
    """Yield rules that write without limits or without tests."""
    for placed in given.rules:
        rule = placed.rule
        if not _writes(rule):
            continue
        if rule.limits.per_hour is None and rule.limits.per_mailbox_per_day is None:
            limits = "limits such as {per_hour: 200} stop a rule that matches too many events"
            yield placed.warning(placed.place_of("mode"), f"the rule is enforced without limits; {limits}")
        if not rule.tests:
            tests = "tests show what it does"
            yield placed.warning(placed.place_of("mode"), f"the rule is enforced without tests; {tests}")


def check_test_members(given: CheckInput) -> Iterator[Problem]:
    """Yield members of groups in tests that no rule asks for."""
    groups = frozenset().union(*(placed.rule.groups for placed in given.rules))
    for placed in given.rules:
        for test in placed.rule.tests:
            for group in sorted(test.members.keys() - groups):
                yield placed.warning(test.place, f"members: no rule asks for the group {group}")


def check_expiry(given: CheckInput) -> Iterator[Problem]:
    """Yield rules whose time is over."""
    for placed in given.rules:
        active, today = placed.rule.active, given.today
        if today is not None and active is not None and active.end is not None and active.end.date() <= today:
            ended = f"the rule ended on {active.end:%Y-%m-%d}; remove it, or change active"
            yield placed.warning(placed.place_of("active"), ended)


def check_protection(given: CheckInput) -> Iterator[Problem]:
    """Yield rules that skip in report mode before a rule that writes: they do not stop it."""
    for number, placed in enumerate(given.rules):
        if placed.rule.mode is not Mode.REPORT or placed.rule.action is not Action.SKIP:
            continue
        later = given.rules[number:]
        writing = next((each.rule for each in later if _writes_to_same(each, placed, given.budget)), None)
        if writing is not None:
            effect = f'in report mode it does not stop rule "{writing.id}", which is enforced after it'
            yield placed.warning(placed.place_of("mode"), f"{effect}; write mode: enforce, or off")


def _writes(rule: Rule) -> bool:
    return rule.mode is Mode.ENFORCE and rule.action is Action.ENABLE


def _writes_to_same(writing: PlacedRule, skipping: PlacedRule, budget: Budget) -> bool:
    """Whether a rule writes, and may match events that the other rule skips."""
    if not _writes(writing.rule):
        return False
    return not Conjunction((skipping.rule.when,), budget).excludes(writing.rule.when)


def check_guarded(given: CheckInput) -> Iterator[Problem]:
    """Yield conditions that can never hold because a guard skips such events before any rule."""
    if not given.skips_other_join_links:
        return
    for placed in given.rules:
        for part in parts_of(placed.rule.when) if placed.rule.mode is not Mode.OFF else ():
            if part.name == "has_other_join_link" and part.accepts == TRUE:
                skipped = "other_join_links: skip skips such events before any rule; to use it, set ignore"
                yield placed.warning(part.place, f"this can never hold: {skipped}")
