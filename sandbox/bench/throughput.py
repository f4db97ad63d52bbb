"""How many events one process enables in a second, beside the bound that the latency sets.

Graph answers after a set time, tables after 5 ms. The bound is N / (calls x latency), for N messages at a
time, with all CPU time left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.bench.figure_table import FigureTable
from sandbox.bench.lean.stand_in import LeanStandIn, lean_stand_in
from sandbox.bench.peer_run import run_peer
from sandbox.bench.worker_process import WorkerJob, WorkerResult, run_worker
from sandbox.bench.worker_rules import write_rules

GRAPH_SECONDS, AT_ONCE = (0.0, 0.1, 0.3), (8, 32, 64)
TABLE_SECONDS = 0.005
#: of an enabled event: the event, its body, its calendar, the PATCH; reads and writes of rows
GRAPH_CALLS, TABLE_CALLS = 4, 3
_PEER_CALLS = 2
_RUN_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Throughput:
    """One cell: N at a time, Graph's latency; the worker without and with limits, and the ordinary code."""

    at_once: int
    graph_seconds: float
    plain: WorkerResult
    limited: WorkerResult
    peer: WorkerResult | None

    @property
    def bound(self) -> float:
        """Events a second that the latency allows."""
        return self.at_once / (GRAPH_CALLS * self.graph_seconds + TABLE_CALLS * TABLE_SECONDS)

    @property
    def limited_bound(self) -> float:
        """The same with one more call to a table."""
        return self.at_once / (GRAPH_CALLS * self.graph_seconds + (TABLE_CALLS + 1) * TABLE_SECONDS)

    @property
    def peer_bound(self) -> float | None:
        """The same for the two calls of the ordinary implementation, if Graph needs any time."""
        return self.at_once / (_PEER_CALLS * self.graph_seconds) if self.graph_seconds else None


def measure(folder: Path) -> list[Throughput]:
    """Measure all cells."""
    with lean_stand_in() as lean:
        return list(_cells(folder, lean))


def _cells(folder: Path, lean: LeanStandIn) -> Iterator[Throughput]:
    plain, limited = (write_rules(folder, has_limits=has_limits) for has_limits in (False, True))
    for graph_seconds in GRAPH_SECONDS:
        for at_once in AT_ONCE:
            yield Throughput(
                at_once,
                graph_seconds,
                plain=_worker(plain, at_once, graph_seconds, lean),
                limited=_worker(limited, at_once, graph_seconds, lean),
                peer=run_peer(lean.url, "enabled", tasks=at_once, seconds=_RUN_SECONDS),
            )


def _worker(rules: str, at_once: int, graph_seconds: float, lean: LeanStandIn) -> WorkerResult:
    lean.behave()  # the worker sets the latency once it is warm; it stays for the ordinary implementation
    seconds = {"read": graph_seconds, "write": graph_seconds, "table": TABLE_SECONDS}
    job = WorkerJob(rules, "enabled", threads=at_once, seconds=_RUN_SECONDS, behavior={"seconds": seconds})
    result = run_worker(job, lean.environ)
    assert set(result.outcomes) == {"enabled/link_added"}, result.outcomes
    return result


def throughput(cells: list[Throughput]) -> FigureTable:
    """Return the table of the cells."""
    table = FigureTable(
        "Enabled events a second, one process",
        (
            "Graph, at a time",
            "bound",
            "worker",
            "of bound",
            "both limits",
            "of bound",
            "ordinary",
            "of its bound",
            "CPU, ms",
            "ordinary CPU, ms",
        ),
    )
    for cell in cells:
        peer = cell.peer
        table.add_row(
            f"{cell.graph_seconds * 1000:.0f} ms, {cell.at_once}",
            f"{cell.bound:,.0f}",
            f"{cell.plain.per_second:.0f}",
            f"{cell.plain.per_second / cell.bound:.0%}",
            f"{cell.limited.per_second:.0f}",
            f"{cell.limited.per_second / cell.limited_bound:.0%}",
            f"{peer.per_second:.0f}" if peer else "",
            f"{peer.per_second / cell.peer_bound:.0%}" if peer and cell.peer_bound else "",
            f"{cell.plain.cpu_ms:.1f}",
            f"{peer.cpu_ms:.1f}" if peer else "",
        )
    return table


def memory(cells: list[Throughput]) -> FigureTable:
    """Return the peak memory of the worker's process, by the number of messages at a time."""
    table = FigureTable(
        "Peak memory of one process, MB", ("messages at a time", "worker", "goal", "ordinary")
    )
    for at_once in AT_ONCE:
        these = [cell for cell in cells if cell.at_once == at_once]
        ours = max(max(cell.plain.peak_bytes, cell.limited.peak_bytes) for cell in these)
        peers = max(cell.peer.peak_bytes if cell.peer else 0 for cell in these)
        table.add_row(str(at_once), f"{ours / 1e6:.0f}", "120", f"{peers / 1e6:.0f}" if peers else "")
    return table
