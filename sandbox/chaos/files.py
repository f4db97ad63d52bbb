"""Reads the files of a run, and its storage account, into a record."""

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import TypeAdapter

from sandbox.azurite import azurite
from sandbox.chaos import storage_state
from sandbox.chaos.plan import read_plan
from sandbox.chaos.record import (
    ChaosRecord,
    Entry,
    FaultHit,
    GraphRecord,
    ProcessRecord,
    RowCall,
    RowWritten,
)
from sandbox.chaos.run import GRAPH, LOG, PLAN, PROCESSES
from sandbox.chaos.state import row_key

_ERROR = 400


def read_record(folder: Path) -> ChaosRecord:
    """Read the record of a run.

    Raises:
        AzuriteUnavailable: Azurite, which has the run's storage account, does not start.
        OSError: a file is missing.
    """
    graph = TypeAdapter(GraphRecord).validate_json((folder / GRAPH).read_bytes())
    processes = TypeAdapter(ProcessRecord).validate_json((folder / PROCESSES).read_bytes())
    meetings = {row_key(event): name for name, event in graph.ids.items()}
    calls = TypeAdapter(list[RowCall]).validate_python(list(_lines(folder / "storage.jsonl")))
    entries: list[Entry] = [*graph.entries, *processes.kills]
    entries += [entry for call in calls if (entry := _entry(call, meetings.get(call.row, "")))]
    with TemporaryDirectory() as copy:
        # Messages that are read are hidden for long: a second judge must see them, too.
        shutil.copytree(folder / "storage", Path(copy) / "storage")
        with azurite(Path(copy) / "storage") as storage:
            if entries:
                storage.set_clock(max(entry.at for entry in entries) + timedelta(days=3))
            connection = storage.connection_string
            return ChaosRecord(
                plan=read_plan(folder / PLAN),
                graph=graph,
                processes=processes,
                entries=tuple(sorted(entries, key=lambda entry: entry.at)),
                rows={str(row["RowKey"]): dict(row) for row in storage_state.rows(connection)},
                poison=tuple(storage_state.poison_messages(connection)),
                waiting=storage_state.waiting_messages(connection),
                lines=tuple(_lines(folder / LOG)),
            )


def _entry(call: RowCall, meeting: str) -> Entry | None:
    if call.kind:
        return FaultHit(at=call.at, host=call.host, kind=call.kind, call=call.call, meeting=meeting)
    if meeting and call.status < _ERROR:
        return RowWritten(at=call.at, host=call.host, meeting=meeting)
    return None


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield JSON lines without those that a kill cut off."""
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError):
            yield json.loads(text)
