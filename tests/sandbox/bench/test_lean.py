"""The lean stand-in of the benchmarks answers what the worker asks for, and ETags hold in its tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.bench import throughput
from sandbox.bench.lean.stand_in import LeanStandIn, lean_stand_in
from sandbox.bench.worker_process import WorkerJob, run_worker
from sandbox.bench.worker_rules import write_rules
from shared.errors import RowConflict, StateChanged
from shared.settings import StorageSettings
from shared.storage.tables import RowChange, Table

MESSAGES = 6


@pytest.fixture(scope="module")
def lean() -> Iterator[LeanStandIn]:
    """Return a running stand-in."""
    with lean_stand_in() as running:
        yield running


@pytest.fixture
def table(lean: LeanStandIn, request: pytest.FixtureRequest) -> Iterator[Table]:
    """Return the product's connection to a table that does not exist yet."""
    storage = StorageSettings(connection_string=lean.environ["AzureWebJobsStorage"])
    name = f"t{abs(hash(request.node.name))}"
    connected = Table.connect(name, storage, None)
    yield connected
    connected.close()


def test_a_row_is_written_only_with_the_etag_that_was_read(table: Table) -> None:
    """The first insert creates the table."""
    first = table.write("a", "b", {"n": 1}, etag=None)
    second = table.write("a", "b", {"n": 2}, etag=first)

    with pytest.raises(StateChanged):
        table.write("a", "b", {"n": 3}, etag=first)
    with pytest.raises(StateChanged):
        table.write("a", "b", {"n": 3}, etag=None)
    found = table.read("a", "b")
    assert found is not None
    assert (found.values["n"], found.etag) == (2, second)
    table.delete("a", "b", etag=second)
    assert table.read("a", "b") is None


def test_a_transaction_writes_all_rows_or_none(table: Table) -> None:
    """The error names the row that another process wrote."""
    table.create()
    one, two = table.write_together("a", [RowChange("1", {"n": 1}, None), RowChange("2", {"n": 1}, None)])
    table.write_together("a", [RowChange("1", {"n": 2}, one), RowChange("2", {"n": 2}, two)])

    with pytest.raises(RowConflict) as conflict:
        table.write_together("a", [RowChange("3", {"n": 3}, None), RowChange("2", {"n": 3}, two)])
    assert conflict.value.row == "2"
    assert table.read("a", "3") is None
    rows = [table.read("a", key) for key in ("1", "2")]
    assert [row and row.values["n"] for row in rows] == [2, 2]


def test_the_bound_counts_the_calls_that_the_worker_makes(lean: LeanStandIn, tmp_path: Path) -> None:
    """With both limits. Each message enables its event; the calls of the warm-up don't count."""
    job = WorkerJob(
        write_rules(tmp_path, has_limits=True),
        "enabled",
        messages=MESSAGES,
        seconds=0.001,
        behavior={"seconds": {}, "faults": {}},
    )
    result = run_worker(job, lean.environ)
    calls = lean.calls()

    assert result.outcomes == {"enabled/link_added": result.messages}
    assert (calls["read"] + calls["write"]) / result.messages == throughput.GRAPH_CALLS
    # A machine that stands still for a minute reads the mailbox's row once more.
    assert calls["table"] / result.messages >= throughput.TABLE_CALLS + 1
