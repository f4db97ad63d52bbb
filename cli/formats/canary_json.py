"""A canary as JSON."""

from collections.abc import Sequence
from typing import Any

from shared.desk.canary.canary_plan import CanaryPlan
from shared.desk.canary.hops import Hop, HopResult

_RESULTS = {True: "passed", False: "failed", None: "unknown"}


def document(plan: CanaryPlan, results: Sequence[HopResult], *, stopped: bool) -> dict[str, Any]:
    """Return the hops in the order of the chain, as plain values; `stopped`: an admin ended it."""
    return {
        "rule": plan.rule.id,
        "test": plan.test or None,
        "expected": plan.expectation.value,
        "stopped": stopped,
        "passed": not stopped and all(result.is_ok is not False for result in results),
        "hops": [_hop(result) for result in sorted(results, key=lambda one: list(Hop).index(one.hop))],
    }


def _hop(result: HopResult) -> dict[str, Any]:
    return {
        "hop": result.hop.value,
        "result": _RESULTS[result.is_ok],
        "after_seconds": None if result.after is None else round(result.after.total_seconds(), 1),
        "text": result.text,
        "next": result.check_next or None,
    }
