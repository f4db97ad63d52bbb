"""A child process that takes commands, one at a time, until it is killed.

It is forked from a server process that has imported all modules, so it starts at once.
"""

import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any

from sandbox.apps import MODULES

#: far longer than any command takes: only for a child that hangs
_STUCK_SECONDS = 900
_KILL_SECONDS = 5


class ChildDied(Exception):
    """The process ended before it answered."""


class Child:
    """A process that runs `run(commands, setup)`, where `setup` can be pickled; it sends an answer first."""

    def __init__(self, run: Callable[[Connection, Any], None], setup: object) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload([*MODULES, "sandbox.chaos.forked_host", "sandbox.chaos.graph_process"])
        self.commands, theirs = context.Pipe()
        self._process = context.Process(target=run, args=(theirs, setup), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def send(self, command: object) -> None:
        """Send a command; `receive` waits for its answer. A dead process ignores it."""
        with suppress(OSError):
            self.commands.send(command)

    def receive(self) -> Any:
        """Return the answer to a command.

        Raises:
            ChildDied: the process has ended.
            TimeoutError: it hangs, and was killed.
        """
        try:
            if self.commands.poll(_STUCK_SECONDS):
                return self.commands.recv()
        except (EOFError, OSError) as error:
            self._process.join()
            raise ChildDied from error
        self._process.kill()
        raise TimeoutError(f"a process did not answer within {_STUCK_SECONDS} s")

    def call(self, command: object) -> Any:
        """Send a command and return its answer."""
        self.send(command)
        return self.receive()

    def stop(self) -> None:
        """Ask the process to end what it does (SIGTERM)."""
        self._process.terminate()

    def kill(self) -> None:
        """Kill the process (SIGKILL)."""
        self._process.kill()

    def close(self) -> None:
        """Kill the process and wait for its end."""
        self._process.kill()
        self._process.join()
        self.commands.close()


def wear_leash(path: Path) -> None:
    """Let other processes kill this one: it ends by SIGKILL when somebody connects to the socket `path`.

    A process id could belong to another process by then.
    """
    path.unlink(missing_ok=True)
    leash = socket.socket(socket.AF_UNIX)
    leash.bind(str(path))
    leash.listen()
    Thread(target=_die_when_pulled, args=(leash,), daemon=True).start()


def pull_leash(path: Path) -> None:
    """Kill the process that wears this leash, and wait until it is dead."""
    with socket.socket(socket.AF_UNIX) as pulled, suppress(OSError):
        pulled.settimeout(_KILL_SECONDS)
        pulled.connect(str(path))
        pulled.recv(1)


def _die_when_pulled(leash: socket.socket) -> None:
    leash.accept()
    os.kill(os.getpid(), signal.SIGKILL)
