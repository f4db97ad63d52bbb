"""The storage account of a run: Azurite with its data on disk, restarted in the middle of work."""

import json
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter

from sandbox.azurite import ACCOUNT, HOME, KEY, SERVICES, Azurite, start_azurite
from sandbox.chaos.plan import ChaosPlan
from sandbox.clock import SharedClock
from sandbox.faults.fault import FaultWindow, Target

_FAULTS = HOME / "faults.js"
_TARGETS = {"Blob": Target.BLOB, "Queue": Target.QUEUE, "Table": Target.TABLE}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BACKLOG = 128


class ChaosStorage:
    """Azurite with a door for each host. Doors keep their ports; while it is down, calls wait at the door.

    Attributes:
        connection_string: without faults.
        restarts: the times at which it was killed.
    """

    def __init__(
        self, plan: ChaosPlan, clock: SharedClock, folder: Path, leashes: Sequence[Path], stack: ExitStack
    ) -> None:
        self._clock, self._folder, self._stack = clock, folder, stack
        self._fds: list[int] = []
        self._doors: list[dict[str, object]] = []
        self.restarts: list[datetime] = []
        self.connection_string = self._open_doors(-1, dict.fromkeys(SERVICES, "none"))
        hosts = range(len(leashes))
        self._apps = [self._open_doors(host, _TARGETS) for host in hosts]
        self._own = [self._open_doors(host, {**_TARGETS, "Queue": Target.HOST}) for host in hosts]
        windows = TypeAdapter(tuple[FaultWindow, ...]).dump_python(plan.fault_windows, mode="json")
        faults = {
            "seed": plan.seed,
            "started_ms": (clock.now() - _EPOCH) // timedelta(milliseconds=1),
            "record": str((folder / "storage.jsonl").resolve()),
            "doors": self._doors,
            "leashes": list(map(str, leashes)),
            "windows": windows,
        }
        (folder / "faults.json").write_text(json.dumps(faults), encoding="utf-8")
        self._azurite = self._start()
        stack.callback(self._stop)

    def app_connection(self, host: int) -> str:
        """Return the connection string of a host's app."""
        return self._apps[host]

    def host_connection(self, host: int) -> str:
        """Return the connection string of a host's own calls."""
        return self._own[host]

    def advance(self, by: timedelta) -> None:
        """Move Azurite's clock ahead."""
        self._azurite.advance(by)

    def crash(self) -> None:
        """Cut all connections, kill Azurite (SIGKILL), and start it again with what it had acknowledged.

        A real storage account never loses what it acknowledged; Azurite writes to disk only now and then.
        """
        self._azurite.save()
        self._azurite.kill()
        self.restarts.append(self._clock.now())
        self._azurite = self._start()

    def _stop(self) -> None:
        self._azurite.stop()

    def _start(self) -> Azurite:
        ahead = self._clock.now() - datetime.now(UTC)
        environ = {
            "SANDBOX_FAULTS": str(self._folder / "faults.json"),
            "SANDBOX_AHEAD_MS": str(ahead // timedelta(milliseconds=1)),
        }
        return start_azurite(self._folder / "storage", preload=[_FAULTS], environ=environ, pass_fds=self._fds)

    def _open_doors(self, host: int, targets: Mapping[str, str]) -> str:
        text = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
        for service in SERVICES:
            door = self._stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG))
            self._fds.append(door.fileno())
            self._doors.append(
                {"service": service, "fd": door.fileno(), "host": host, "target": targets[service]}
            )
            text += f"{service}Endpoint=http://127.0.0.1:{door.getsockname()[1]}/{ACCOUNT};"
        return text
