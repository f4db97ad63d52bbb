"""Faults as the lean stand-in of the benchmarks takes them (`sandbox.bench.lean`)."""

from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.faults.fault import FaultAction, PlannedFault, Target


def lean_faults(faults: Iterable[PlannedFault]) -> dict[str, dict[str, Any]]:
    """Return what the stand-in does to each kind of call.

    Raises:
        ValueError: it can't do that.
    """
    return {kind: _what_happens(fault) for fault in faults for kind in _kinds(fault)}


def _kinds(fault: PlannedFault) -> Iterator[str]:
    if fault.target is not Target.GRAPH:
        yield fault.target.value
        return
    if fault.method != "PATCH":
        yield "read"
    if fault.method != "GET":
        yield "write"


def _what_happens(fault: PlannedFault) -> dict[str, Any]:
    match fault.action:
        case FaultAction.SILENCE:
            return {"manner": "never"}
        case FaultAction.DRIP:
            return {"manner": "trickle"}
        case FaultAction.DELAY:
            return {"seconds": fault.latency[0] / 1000}
        case FaultAction.ANSWER:
            return {"status": fault.status, "headers": dict(fault.headers), "body": fault.body}
    raise ValueError(f"the lean stand-in can't do {fault.kind}")
