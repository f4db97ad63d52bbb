"""A profile of an enabled event: the share of each part in the CPU time of the worker.

The profiler makes calls of Python functions dearer than they are, so the shares are no more than a hint.
"""

import cProfile
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox.bench.figure_table import FigureTable
from sandbox.bench.lean.stand_in import lean_stand_in
from sandbox.bench.worker_process import WorkerJob, WorkerRun, run_module
from sandbox.bench.worker_rules import write_rules

_MESSAGES = 200
#: what a part is; the functions, by the end of their file's path and their name, that do it
_PARTS = (
    ("a message", [("common/queue_messages.py", "handle")]),
    ("calls to Graph", [("graph/sender.py", "send")]),
    ("... of that httpx", [("graph/sender.py", "_receive")]),
    ("calls to tables", [("storage/tables.py", "read"), ("storage/tables.py", "write")]),
    ("... of that connections and sockets", [("storage/environment_session.py", "request")]),
    ("reading events from JSON", [("protocol/event_json.py", "parse_event")]),
    ("decisions", [("rules/decide.py", "decide"), ("rules/decide.py", "possible_decisions")]),
    ("the log line", [("events/messages.py", "log")]),
)


def where_time_goes(folder: Path) -> FigureTable:
    """Profile an enabled event."""
    job = WorkerJob(write_rules(folder), "enabled")
    with lean_stand_in() as lean:
        shares = run_module("sandbox.bench.where_time_goes", asdict(job), lean.environ)
    table = FigureTable("Where the CPU time of an enabled event goes", ("part", "share"))
    for name, share in shares.items():
        table.add_row(name, f"{share:.0%}")
    return table


def _profile(job: dict[str, Any]) -> dict[str, float]:
    run = WorkerRun(WorkerJob(**job))
    run.warm_up()
    profile = cProfile.Profile(time.process_time)
    profile.enable()
    for _ in range(_MESSAGES):
        run.once(run.message())
    profile.disable()
    return dict(_shares(profile))


def _shares(profile: cProfile.Profile) -> Iterator[tuple[str, float]]:
    total = 0.0
    for part, functions in _PARTS:
        seconds = sum(
            entry.totaltime
            for entry in profile.getstats()
            for path, name in functions
            if not isinstance(entry.code, str)
            and entry.code.co_filename.endswith(path)
            and entry.code.co_name == name
        )
        total = total or seconds
        yield part, seconds / total


if __name__ == "__main__":
    print(json.dumps(_profile(json.loads(sys.argv[1]))))
