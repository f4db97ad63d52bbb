"""The hosts of a run. A host that was killed is replaced by another process with the same settings."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import wait
from pathlib import Path
from time import monotonic

from sandbox.chaos.child import Child, ChildDied
from sandbox.chaos.forked_host import FUNCTION_KEY, ForkedHostSetup, HostCommand, run_host
from sandbox.chaos.graph_process import ROUTE
from sandbox.chaos.plan import ChaosPlan
from sandbox.chaos.record import HostBegan, HostKilled
from sandbox.chaos.storage_process import ChaosStorage
from sandbox.clock import SharedClock
from sandbox.stage import CLIENT_STATE_KEY, TENANT

#: how long a host has to stop before it is killed
_GRACE_SECONDS = 0.5


@dataclass(slots=True)
class _Slot:
    setup: ForkedHostSetup
    process: Child | None = None


@dataclass(frozen=True, slots=True)
class Blow:
    """What happens to the processes in the middle of work: `strike` is called after `delay_seconds`."""

    delay_seconds: float
    strike: Callable[[], None]


class Hosts:
    """All hosts of a run. `on_start` gets the number and the URL of each that starts.

    Attributes:
        stuck: a text for each host that neither finished nor died.
        kills: the kills so far.
        starts: the starts so far.
        stops: how many were told to stop.
    """

    def __init__(
        self,
        setups: Sequence[ForkedHostSetup],
        clock: SharedClock,
        on_start: Callable[[int, str], None],
        stack: ExitStack,
    ) -> None:
        self.stuck: list[str] = []
        self.kills: list[HostKilled] = []
        self.starts: list[HostBegan] = []
        self.stops = 0
        self._clock, self._on_start, self._turn = clock, on_start, 0
        self._slots = [_Slot(setup) for setup in setups]
        stack.callback(self._close)

    def work(self, blows: Sequence[Blow] = ()) -> None:
        """Have all hosts process the visible messages, at the same time, while `blows` happen."""
        running = [process for slot in self._slots if (process := self._running(slot))]
        for process in running:
            process.send(HostCommand.DRAIN)
        began = monotonic()
        for blow in sorted(blows, key=lambda one: one.delay_seconds):
            self._wait_until(began + blow.delay_seconds, running)
            blow.strike()
        for process in running:
            self._end(process)

    def maintain(self) -> None:
        """Have one of the hosts run the timer."""
        self._turn += 1
        if process := self._running(self._slots[self._turn % len(self._slots)]):
            process.send(HostCommand.MAINTAIN)
            self._end(process)

    def kill(self, host: int) -> None:
        """Kill a host (SIGKILL)."""
        if process := self._slots[host].process:
            self.kills.append(HostKilled(at=self._clock.now(), host=host))
            process.kill()

    def stop(self, host: int) -> None:
        """Tell a host to stop, and kill it if it has not after a short time."""
        if process := self._slots[host].process:
            self.stops += 1
            process.stop()
            self._wait_until(monotonic() + _GRACE_SECONDS, [process])
            self.kill(host)

    def _wait_until(self, until: float, running: Sequence[Child]) -> None:
        """Wait until a time, or until the first process is done."""
        wait([process.commands for process in running], max(0.0, until - monotonic()))

    def _end(self, process: Child) -> None:
        try:
            process.receive()
        except ChildDied:
            return
        except TimeoutError as error:
            self.stuck.append(str(error))

    def _running(self, slot: _Slot) -> Child | None:
        """Return the slot's process, started if needed; None if it died at once."""
        if slot.process and slot.process.is_alive:
            return slot.process
        if slot.process:
            slot.process.close()
        self.starts.append(HostBegan(at=self._clock.now(), host=slot.setup.number))
        slot.process = Child(run_host, slot.setup)
        try:
            self._on_start(slot.setup.number, slot.process.receive())
        except ChildDied:
            return None
        return slot.process

    def _close(self) -> None:
        for slot in self._slots:
            if slot.process:
                slot.process.close()


def host_setups(
    plan: ChaosPlan,
    *,
    storage: ChaosStorage,
    graph_urls: Sequence[str],
    clock: SharedClock,
    leashes: Sequence[Path],
    folder: Path,
    bug: str,
) -> list[ForkedHostSetup]:
    """Return what each host of a plan needs to start."""
    return [
        ForkedHostSetup(
            number=number,
            settings=_settings(storage.app_connection(number), graph_urls[number], folder),
            storage=storage.host_connection(number),
            clock=clock.path,
            skew=timedelta(seconds=skew),
            log=folder / "log.jsonl",
            leash=leashes[number],
            bug=bug,
        )
        for number, skew in enumerate(plan.clock_skews)
    ]


def _settings(storage: str, graph_url: str, folder: Path) -> Mapping[str, str]:
    return {
        "AzureWebJobsStorage": storage,
        "JOINLINK_TENANT_ID": TENANT,
        "JOINLINK_GRAPH_URL": graph_url,
        "JOINLINK_CLIENT_STATE_KEY": CLIENT_STATE_KEY,
        "JOINLINK_NOTIFICATION_URL": f"https://joinlink.example{ROUTE}?code={FUNCTION_KEY}",
        "JOINLINK_RULES": str((folder / "rules").resolve()),
        "IDENTITY_ENDPOINT": f"{graph_url}/msi/token",
        "IDENTITY_HEADER": "sandbox",
        "PYTHON_THREADPOOL_THREAD_COUNT": "32",
    }
