"""Faults for which a call waits many seconds: for the benchmark of the slowest message, in real time.

The chaos run can't have them: all its services share one clock, and it would wait as long.
"""

from sandbox.faults.fault import FaultAction, PlannedFault, Target

_JSON_TYPE = ("Content-Type", "application/json")


def _silent(target: Target, method: str = "*") -> PlannedFault:
    return PlannedFault(kind=f"{target} silent", target=target, method=method, action=FaultAction.SILENCE)


def _dripping(target: Target, method: str = "*") -> PlannedFault:
    return PlannedFault(kind=f"{target} drips", target=target, method=method, action=FaultAction.DRIP)


def _slow(target: Target, seconds: int, method: str = "*") -> PlannedFault:
    kind, duration = f"{target} {seconds} s", seconds * 1000.0
    latency = (duration, duration)
    return PlannedFault(kind=kind, target=target, method=method, action=FaultAction.DELAY, latency=latency)


def _throttling(method: str) -> PlannedFault:
    return PlannedFault(
        kind="graph Retry-After 50",
        target=Target.GRAPH,
        method=method,
        status=429,
        headers=(_JSON_TYPE, ("Retry-After", "50")),
        body='{"error": {"code": "TooManyRequests", "message": "Failed by the sandbox."}}',
    )


_TABLES_FAIL = PlannedFault(kind="table 503", target=Target.TABLE, status=503)

#: what misbehaves, and the faults that last as long
LONG_WAITS: tuple[tuple[str, tuple[PlannedFault, ...]], ...] = (
    ("nothing", ()),
    ("Graph does not answer", (_silent(Target.GRAPH, "GET"),)),
    ("Graph does not answer the PATCH", (_silent(Target.GRAPH, "PATCH"),)),
    ("Graph answers a byte a second", (_dripping(Target.GRAPH, "GET"),)),
    ("Graph answers the PATCH a byte a second", (_dripping(Target.GRAPH, "PATCH"),)),
    ("Graph throttles, Retry-After 50", (_throttling("GET"),)),
    ("Graph throttles the PATCH, Retry-After 50", (_throttling("PATCH"),)),
    ("Graph needs 18 s for each call", (_slow(Target.GRAPH, 18),)),
    ("the token endpoint does not answer", (_silent(Target.TOKEN),)),
    ("a token needs 4 s, a call to Graph 18 s", (_slow(Target.TOKEN, 4), _slow(Target.GRAPH, 18, "GET"))),
    ("tables do not answer", (_silent(Target.TABLE),)),
    ("tables answer a byte a second", (_dripping(Target.TABLE),)),
    ("tables fail with 503", (_TABLES_FAIL,)),
    ("tables need 9 s, Graph 15 s", (_slow(Target.TABLE, 9), _slow(Target.GRAPH, 15))),
    ("tables and queues do not answer", (_silent(Target.TABLE), _silent(Target.QUEUE))),
    (
        "tables need 9 s, Graph 15 s, queues do not answer",
        (_slow(Target.TABLE, 9), _slow(Target.GRAPH, 15), _silent(Target.QUEUE)),
    ),
    ("tables do not answer, Graph needs 18 s", (_silent(Target.TABLE), _slow(Target.GRAPH, 18, "GET"))),
)
