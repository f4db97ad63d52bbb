"""The kinds of faults as the stand-in Graph takes them, for tests, the demo and the stateful machine."""

from datetime import timedelta
from typing import Any

from sandbox.faults.fault import FaultAction, FaultEffect, PlannedFault
from sandbox.faults.kinds import ALL_FAULTS
from sandbox.graph import Drop, Fault

_BY_KIND = {fault.kind: fault for fault in ALL_FAULTS}
_TYPE = "Content-Type"


def stand_in_fault(kind: str, **more: Any) -> Fault:
    """Return the fault of a kind for `StandIn.faults`; `more` are its other properties, such as `count`.

    What a person does before or after the call is left to `meanwhile`.

    Raises:
        KeyError: there is no such kind.
        ValueError: the stand-in can't do that.
    """
    fault = _BY_KIND[kind]
    return Fault(**{"method": fault.method, "path": fault.path, **_what_happens(fault), **more})


def _what_happens(fault: PlannedFault) -> dict[str, Any]:
    is_done = fault.effect is FaultEffect.AFTER
    duration = timedelta(milliseconds=fault.latency[0])
    match fault.action:
        case FaultAction.ANSWER:
            headers: dict[str, str | None] = {_TYPE: None, **dict(fault.headers)}
            return {
                "status": fault.status,
                "is_done": is_done,
                "body": fault.body.encode(),
                "headers": headers,
            }
        case FaultAction.DROP:
            return {"drop": Drop.AFTER if is_done else Drop.BEFORE}
        case FaultAction.DELAY:
            return {"delay": duration}
        case FaultAction.DRIP:
            return {"drip": duration}
        case FaultAction.IGNORE:
            return {"is_ignored": True}
        case FaultAction.PASS:
            return {}
        case FaultAction.KILL | FaultAction.SILENCE:
            raise ValueError(f"the stand-in can't do {fault.kind}")
