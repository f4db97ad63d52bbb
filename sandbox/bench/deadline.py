"""The slowest message while Graph, the token endpoint or tables misbehave, in real time.

Each row has a worker and a stand-in of its own, and all rows run at the same time. 32 messages begin at once.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sandbox.bench.figure_table import FigureTable
from sandbox.bench.lean.stand_in import lean_stand_in
from sandbox.bench.worker_process import WorkerJob, WorkerResult, run_worker
from sandbox.bench.worker_rules import write_rules

AT_ONCE = 32
GOAL_SECONDS = 60

_HANGS = {"manner": "never"}
_TRICKLES = {"manner": "trickle"}
_THROTTLES = {"status": 429, "retry_after": 50}
_FAILS = {"status": 503}
#: description; the fault of each kind of call (`sandbox.bench.lean`)
_ROWS: tuple[tuple[str, Mapping[str, Mapping[str, Any]]], ...] = (
    ("nothing", {}),
    ("Graph does not answer", {"read": _HANGS}),
    ("Graph does not answer the PATCH", {"write": _HANGS}),
    ("Graph answers a byte a second", {"read": _TRICKLES}),
    ("Graph answers the PATCH a byte a second", {"write": _TRICKLES}),
    ("Graph throttles, Retry-After 50", {"read": _THROTTLES}),
    ("Graph throttles the PATCH, Retry-After 50", {"write": _THROTTLES}),
    ("Graph needs 18 s for each call", {"read": {"seconds": 18}, "write": {"seconds": 18}}),
    ("the token endpoint does not answer", {"token": _HANGS}),
    ("a token needs 4 s, a call to Graph 18 s", {"token": {"seconds": 4}, "read": {"seconds": 18}}),
    ("tables do not answer", {"table": _HANGS}),
    ("tables answer a byte a second", {"table": _TRICKLES}),
    ("tables fail with 503", {"table": _FAILS}),
    (
        "tables need 9 s, Graph 15 s",
        {"table": {"seconds": 9}, "read": {"seconds": 15}, "write": {"seconds": 15}},
    ),
    ("tables and queues do not answer", {"table": _HANGS, "queue": _HANGS}),
    (
        "tables need 9 s, Graph 15 s, queues do not answer",
        {"table": {"seconds": 9}, "read": {"seconds": 15}, "write": {"seconds": 15}, "queue": _HANGS},
    ),
    ("tables do not answer, Graph needs 18 s", {"table": _HANGS, "read": {"seconds": 18}}),
)


def slowest(folder: Path) -> FigureTable:
    """Measure all rows; takes a little more than a minute."""
    rules = write_rules(folder, has_limits=True)
    table = FigureTable(
        f"The slowest of {AT_ONCE} messages at once, s",
        ("what misbehaves", "slowest", "goal", "how they ended"),
    )
    with ThreadPoolExecutor(len(_ROWS)) as threads:
        runs = threads.map(lambda row: _run(rules, row[1]), _ROWS)
        for (what, _faults), result in zip(_ROWS, runs, strict=True):
            ended = ", ".join(f"{count} {outcome}" for outcome, count in sorted(result.outcomes.items()))
            table.add_row(what, f"{result.slowest_seconds:.1f}", str(GOAL_SECONDS), ended)
    return table


def _run(rules: str, faults: Mapping[str, Mapping[str, Any]]) -> WorkerResult:
    job = WorkerJob(rules, "enabled", threads=AT_ONCE, is_warm=False, behavior={"faults": faults})
    with lean_stand_in() as lean:
        return run_worker(job, lean.environ)
