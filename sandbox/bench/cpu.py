"""The CPU time of one message in the worker's process, beside its floor and the ordinary implementation."""

from dataclasses import dataclass
from pathlib import Path

from sandbox.bench.figure_table import FigureTable
from sandbox.bench.floor import floor
from sandbox.bench.lean.certificate import write_certificate
from sandbox.bench.lean.stand_in import LeanStandIn, lean_stand_in
from sandbox.bench.peer_run import run_peer
from sandbox.bench.worker_process import WorkerJob, run_worker
from sandbox.bench.worker_rules import write_rules

_MESSAGES = 40


@dataclass(frozen=True, slots=True)
class _CpuRow:
    """A kind of message; `goal_ms` is what it may need beyond the floor."""

    name: str
    kind: str
    goal_ms: float | None = None
    has_limits: bool = False
    is_copy: bool = False


_ROWS = (
    _CpuRow("enabled", "enabled", 4),
    _CpuRow("enabled, both limits", "enabled", 4, has_limits=True),
    _CpuRow("skipped, organizer's copy", "skipped", 2),
    _CpuRow("superseded", "skipped", is_copy=True),
)


def cpu(folder: Path) -> FigureTable:
    """Measure each kind of message, one at a time, with answers that take no time."""
    table = FigureTable(
        "CPU of one message, ms, worker alone",
        ("message", "floor", "worker", "beyond the floor", "goal", "worker over TLS", "ordinary"),
    )
    certificate = folder / "certificate.pem"
    write_certificate(certificate)
    trusted = {"SSL_CERT_FILE": str(certificate), "REQUESTS_CA_BUNDLE": str(certificate)}
    with lean_stand_in() as lean, lean_stand_in(certificate) as over_tls:
        for row in _ROWS:
            ours = _worker(row, folder, lean, {})
            least = _floor(row, lean)
            tls = _worker(row, folder, over_tls, trusted)
            peer = None if row.is_copy or row.has_limits else run_peer(lean.url, row.kind)
            table.add_row(
                row.name,
                f"{least:.1f}",
                f"{ours:.1f}",
                f"{ours - least:.1f}",
                f"{row.goal_ms:.0f}" if row.goal_ms else "",
                f"{tls:.1f}",
                f"{peer.cpu_ms:.1f}" if peer else "",
            )
    return table


def _worker(row: _CpuRow, folder: Path, lean: LeanStandIn, trusted: dict[str, str]) -> float:
    rules = write_rules(folder, has_limits=row.has_limits)
    job = WorkerJob(rules, row.kind, messages=_MESSAGES, is_copy=row.is_copy)
    return run_worker(job, lean.environ | trusted).cpu_ms


def _floor(row: _CpuRow, lean: LeanStandIn) -> float:
    if row.is_copy:  # it needs no call
        return 0.0
    return floor(lean.url, kind=row.kind, has_limits=row.has_limits).cpu_ms
