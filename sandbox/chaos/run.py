"""Runs a plan: starts the processes, moves the one clock, kills hosts and storage, and ends in calm."""

import random
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from sandbox.chaos import storage_state
from sandbox.chaos.child import Child
from sandbox.chaos.graph_process import GraphSetup, GraphStep, HostStarted, WriteRecord, run_graph
from sandbox.chaos.hosts import Blow, Hosts, host_setups
from sandbox.chaos.plan import ChaosPlan
from sandbox.chaos.record import ProcessRecord
from sandbox.chaos.storage_process import ChaosStorage
from sandbox.clock import SharedClock
from sandbox.stage import MONDAY_MORNING

RULES = """version: 1
internal_domains: [contoso.com]
mailboxes: {include: all}
calendars: owned
rules:
  - id: external
    mode: enforce
    when: {external_attendees: {at_least: 1}}
"""
PLAN, LOG, GRAPH, PROCESSES = "plan.json", "log.jsonl", "graph.json", "processes.json"
"""The files of a run, beside `storage`, the folder of Azurite, and `storage.jsonl`, its record."""

#: while people create events, while they only change them, and in the calm
_CREATING_STEP, _CHANGING_STEP = timedelta(seconds=20), timedelta(minutes=1)
_CALM_STEP = timedelta(minutes=15)
_AFTER_LAST_CREATION = 10 * 60
_TIMER_SECONDS = 15 * 60
#: how much longer than planned the calm may last, until the queues are empty
_LONGEST_CALM = 2
#: Blows come within this real time after hosts begin to work.
_BLOW_SECONDS = 0.4

#: gets the share of the run that is done
Progress = Callable[[float], None]


def run(
    plan: ChaosPlan, folder: Path, progress: Progress = lambda _share: None, *, bug: str = "none"
) -> None:
    """Run a plan with a bug planted in the product; write all that the judge reads into `folder`.

    Raises:
        AzuriteUnavailable: Azurite is not installed or does not start.
    """
    _prepare(plan, folder)
    with ExitStack() as stack:
        short = Path(stack.enter_context(tempfile.TemporaryDirectory()))  # socket paths must be short
        leashes = tuple(short / f"{number}" for number in range(len(plan.clock_skews)))
        clock = SharedClock.create(MONDAY_MORNING, ticks=True)
        stack.callback(clock.remove)
        storage = ChaosStorage(plan, clock, folder, leashes, stack)
        storage_state.create_queues(storage.connection_string)
        setup = GraphSetup(
            plan=plan, clock=clock.path, started=MONDAY_MORNING, leashes=leashes, record=folder / GRAPH
        )
        graph = Child(run_graph, setup)
        stack.callback(graph.close)
        setups = host_setups(
            plan,
            storage=storage,
            graph_urls=graph.receive(),
            clock=clock,
            leashes=leashes,
            folder=folder,
            bug=bug,
        )
        hosts = Hosts(setups, clock, lambda host, url: graph.call(HostStarted(host, url)), stack)
        _Director(plan, clock, storage, graph, hosts).direct(progress)
        graph.call(WriteRecord())
        ProcessRecord(
            kills=tuple(hosts.kills),
            starts=tuple(hosts.starts),
            stops=hosts.stops,
            storage_crashes=tuple(storage.restarts),
            stuck=tuple(hosts.stuck),
        ).write(folder / PROCESSES)


def _prepare(plan: ChaosPlan, folder: Path) -> None:
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "rules" / "chaos.yaml").write_text(RULES, encoding="utf-8")
    plan.write(folder / PLAN)
    for name in (LOG, "storage.jsonl"):
        (folder / name).write_text("", encoding="utf-8")
    storage = folder / "storage"
    storage.mkdir(exist_ok=True)
    for file in sorted(storage.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()


@dataclass(slots=True)
class _Director:
    """Moves the clock and commands the processes."""

    plan: ChaosPlan
    clock: SharedClock
    storage: ChaosStorage
    graph: Child
    hosts: Hosts
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.plan.seed)  # noqa: S311 -- repeatable chance, no secrets

    def direct(self, progress: Progress) -> None:
        """Storm, then calm."""
        plan, number = self.plan, len(self.plan.clock_skews)
        kill, stop = self.hosts.kill, self.hosts.stop
        planned: list[tuple[int, Callable[[], None]]] = [
            *((at, partial(kill, self._chance.randrange(number))) for at in plan.kills),
            *((at, partial(stop, self._chance.randrange(number))) for at in plan.stops),
            *((at, self.storage.crash) for at in plan.storage_crashes),
        ]
        blows = sorted(planned, key=lambda one: one[0])
        last_creation = max((one.actions[0].at for one in plan.meetings), default=0)
        next_timer = next_deletion = 0.0
        while (seconds := self._seconds()) < plan.active_seconds:
            due = [strike for at, strike in blows if at <= seconds]
            blows = [(at, strike) for at, strike in blows if at > seconds]
            is_watched = self.graph.call(GraphStep(is_calm=False))
            # Without a watched mailbox the faults would hit nothing.
            if seconds >= next_timer or not is_watched:
                next_timer = seconds + _TIMER_SECONDS
                self.hosts.maintain()
            if plan.delete_rows_every and seconds >= next_deletion:
                next_deletion = seconds + plan.delete_rows_every
                storage_state.delete_event_rows(self.storage.connection_string)
            self.hosts.work([Blow(self._chance.uniform(0, _BLOW_SECONDS), strike) for strike in due])
            self._advance(
                _CREATING_STEP if seconds < last_creation + _AFTER_LAST_CREATION else _CHANGING_STEP
            )
            progress(seconds / (plan.active_seconds + plan.quiet_seconds))
        self._calm(progress)

    def _calm(self, progress: Progress) -> None:
        began = self._seconds()
        while (passed := self._seconds() - began) < self.plan.quiet_seconds or (
            passed < _LONGEST_CALM * self.plan.quiet_seconds and self._is_busy()
        ):
            self.graph.call(GraphStep(is_calm=True))
            self.hosts.maintain()
            self.hosts.work()
            self._advance(_CALM_STEP)
            progress((began + passed) / (began + self.plan.quiet_seconds))

    def _is_busy(self) -> bool:
        return any(storage_state.waiting_messages(self.storage.connection_string).values())

    def _advance(self, by: timedelta) -> None:
        self.clock.advance(by)
        self.storage.advance(by)

    def _seconds(self) -> float:
        return (self.clock.now() - MONDAY_MORNING).total_seconds()
