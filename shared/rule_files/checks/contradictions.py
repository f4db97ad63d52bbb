"""Conditions that can never hold, and rules that can never match."""

from collections.abc import Iterator

from shared.rule_files.checks.implications import Claim, Conjunction
from shared.rule_files.reading.node_reader import NodeReader
from shared.rules.conditions import Condition


def check_contradictions(when: Condition, unless: Condition | None, reader: NodeReader) -> None:
    """Note what contradicts itself in a rule's conditions."""
    for condition in (when,) if unless is None else (when, unless):
        for together in _conjunctions(condition, reader):
            _check(together, reader)
    if unless is not None:
        whole = Conjunction((when,), reader.session.comparison_budget)
        ruled_out = _met(whole, unless)
        if ruled_out is not None:
            never = "whatever meets when meets this, too, and unless rules it out"
            reader.problem(ruled_out.place, f"the rule can never match: {never}")


def _conjunctions(condition: Condition, reader: NodeReader) -> Iterator[Conjunction]:
    """Yield the sets of conditions that must hold together, each condition in one of them."""
    if condition.name != "all" or len(condition.children) <= 1:
        for child in condition.children:
            yield from _conjunctions(child, reader)
        return
    together = Conjunction((condition,), reader.session.comparison_budget)
    yield together
    for part in (*together.joined("any"), *together.joined("not")):
        yield from _conjunctions(part, reader)


def _check(together: Conjunction, reader: NodeReader) -> None:
    for name, claims in together.claims.items():
        if len(claims) > 1 and name not in {"any", "not"}:
            _check_value(claims, reader)
    for part in together.joined("not"):
        met = _met(together, part.children[0])
        if met is not None:
            reader.problem(met.place, "this can never hold: it is asked for, and ruled out by not")


def _check_value(claims: list[Claim], reader: NodeReader) -> None:
    """Note claims on one value that leave nothing of it."""
    left = claims[0].extent
    for number, claim in enumerate(claims[1:], start=1):
        left = left and claim.extent and left.meet(claim.extent)
        if left is not None:
            continue
        other = next((each for each in claims[:number] if _exclude(each, claim)), claims[0])
        if other.by is not claim.by:
            earlier, later = sorted((other.by, claim.by), key=_place)
            beside = f"beside {earlier.name} {earlier.expected} in line {earlier.place.line}"
            reader.problem(later.place, f"this can never hold {beside}")
        return


def _exclude(one: Claim, other: Claim) -> bool:
    return one.extent is not None and other.extent is not None and one.extent.meet(other.extent) is None


def _place(condition: Condition) -> tuple[int, int]:
    return condition.place.line, condition.place.column


def _met(together: Conjunction, condition: Condition) -> Condition | None:
    """Return the condition, or the alternative in it, that surely holds beside the others."""
    if condition.name == "any":
        return next((met for child in condition.children if (met := _met(together, child))), None)
    if not together.implies(condition):
        return None
    alone = condition.name == "all" and len(condition.children) == 1
    return _met(together, condition.children[0]) if alone else condition
