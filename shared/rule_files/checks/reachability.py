"""Rules that are never reached, because an earlier one decides whatever they match."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.domain.decision import Action, Mode
from shared.rule_files.checks.implications import Conjunction
from shared.rule_files.reading.session import Budget
from shared.rules.conditions import Condition, none_of
from shared.rules.policy import Rule, Window

#: conditions that can't be told of every event
_UNSURE = frozenset(
    ("attendees", "external_attendees", "attendee", "organizer", "has_room", "rollout", "starts_between")
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rule with its conditions, as a whole and as what they come to; `names` are those of its leaves."""

    rule: Rule
    conditions: tuple[Condition, ...]
    whole: Conjunction
    names: frozenset[str]


def unreached(rules: Sequence[Rule], budget: Budget) -> Iterator[tuple[Rule, Rule]]:
    """Yield each rule that is never reached, with the earlier one that always decides before it.

    An enforced rule decides before all others; one in report mode before those in report mode, whose promise
    counts it as promoted. The budget bounds how many rules are compared; past it none is found.
    """
    earlier: dict[Mode, list[_Asked]] = {Mode.ENFORCE: [], Mode.REPORT: []}
    for rule in rules:
        if rule.mode is Mode.OFF:
            continue
        if budget.is_spent:
            return
        asked = _asked(rule, budget)
        by = next((before for before in earlier[rule.mode] if _decides_before(before, asked, budget)), None)
        if by is not None:
            yield rule, by.rule
            continue
        for before in earlier.values() if rule.mode is Mode.ENFORCE else (earlier[rule.mode],):
            before.append(asked)


def _asked(rule: Rule, budget: Budget) -> _Asked:
    conditions = (rule.when,) if rule.unless is None else (rule.when, none_of(rule.unless, rule.unless.place))
    whole = Conjunction(conditions, budget)
    names = frozenset(
        name for name, claims in whole.claims.items() if any(claim.by.name == name for claim in claims)
    )
    return _Asked(rule, conditions, whole, names - {"any", "not"})


def _decides_before(before: _Asked, later: _Asked, budget: Budget) -> bool:
    if not budget.spend(1) or not _is_within(later.rule.active, before.rule.active):
        return False
    if not (before.names <= later.whole.claims.keys() or "any" in later.whole.claims):
        return False
    # Over its limit a rule lets those after it decide, and also while it can't be told: then one that skips
    # still keeps others from enabling.
    if _is_limited(before.rule):
        return False
    if (before.rule.action, later.rule.action) == (Action.ENABLE, Action.SKIP) and before.names & _UNSURE:
        return False
    return all(map(later.whole.implies, before.conditions))


def _is_limited(rule: Rule) -> bool:
    limits = rule.limits
    return rule.action is Action.ENABLE and (limits.per_hour or limits.per_mailbox_per_day) is not None


def _is_within(inner: Window | None, outer: Window | None) -> bool:
    if outer is None:
        return True
    if inner is None:
        return outer.start is None and outer.end is None
    starts = outer.start is None or (inner.start is not None and outer.start <= inner.start)
    ends = outer.end is None or (inner.end is not None and inner.end <= outer.end)
    return starts and ends
