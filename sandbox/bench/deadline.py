"""The slowest message while Graph, the token endpoint or tables misbehave, in real time.

Each row has a worker and a stand-in of its own, and all rows run at the same time. 32 messages begin at once.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sandbox.bench.figure_table import FigureTable
from sandbox.bench.lean.stand_in import lean_stand_in
from sandbox.bench.worker_process import WorkerJob, WorkerResult, run_worker
from sandbox.bench.worker_rules import write_rules
from sandbox.faults.at_lean import lean_faults
from sandbox.faults.fault import PlannedFault
from sandbox.faults.long_waits import LONG_WAITS

AT_ONCE = 32
GOAL_SECONDS = 60


def slowest(folder: Path) -> FigureTable:
    """Measure all rows; takes a little more than a minute."""
    rules = write_rules(folder, has_limits=True)
    table = FigureTable(
        f"The slowest of {AT_ONCE} messages at once, s",
        ("what misbehaves", "slowest", "goal", "how they ended"),
    )
    with ThreadPoolExecutor(len(LONG_WAITS)) as threads:
        runs = threads.map(lambda row: _run(rules, row[1]), LONG_WAITS)
        for (what, _faults), result in zip(LONG_WAITS, runs, strict=True):
            ended = ", ".join(f"{count} {outcome}" for outcome, count in sorted(result.outcomes.items()))
            table.add_row(what, f"{result.slowest_seconds:.1f}", str(GOAL_SECONDS), ended)
    return table


def _run(rules: str, faults: Sequence[PlannedFault]) -> WorkerResult:
    behavior = {"faults": lean_faults(faults)}
    job = WorkerJob(rules, "enabled", threads=AT_ONCE, is_warm=False, behavior=behavior)
    with lean_stand_in() as lean:
        return run_worker(job, lean.environ)
