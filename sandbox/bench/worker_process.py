"""The product's worker in a process of its own, with nothing else in it: `python -m ... '<job as JSON>'`.

It handles messages in threads as the host's worker does, against the lean stand-in; it receives and deletes
no messages. Prints its result as JSON.
"""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Barrier
from typing import Any

import httpx

from sandbox.bench.decided_lines import DecidedLines
from sandbox.peak_memory import peak
from shared import wiring
from shared.domain.messages import EventChange, Source
from shared.errors import Unhandled
from shared.settings import StorageSettings
from shared.storage.meetings import MEETINGS
from shared.storage.memory_marker import MemoryMarker
from shared.storage.tables import Table
from shared.worker.common.world import World

_MAILBOXES = 64
_ROUNDS = 6
_SETTLED = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class WorkerJob:
    """What a process has to do.

    `kind` is the start of the events' ids (`sandbox.bench.lean.graph`); `is_copy`: each message is handled
    once before. Each of `threads` handles `messages` messages, and more until `seconds` are over.
    """

    rules: str
    kind: str
    threads: int = 1
    seconds: float = 0.0
    messages: int = 1
    is_copy: bool = False
    is_warm: bool = True
    #: how the stand-in behaves, once the worker is warm (`sandbox.bench.lean`)
    behavior: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """What the messages needed: `cpu_seconds` are of the whole process, in the best of some rounds."""

    messages: int
    seconds: float
    cpu_seconds: float
    slowest_seconds: float
    peak_bytes: int
    outcomes: Mapping[str, int] = field(default_factory=dict)

    @property
    def cpu_ms(self) -> float:
        """CPU for one message."""
        return self.cpu_seconds / self.messages * 1000

    @property
    def per_second(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds


def run_worker(job: WorkerJob, environ: Mapping[str, str]) -> WorkerResult:
    """Run a job in a new process with these settings."""
    return WorkerResult(**run_module("sandbox.bench.worker_process", asdict(job), environ))


def run_module(
    module: str, job: Mapping[str, Any], environ: Mapping[str, str], python: str = sys.executable
) -> dict[str, Any]:
    """Run a module of ours in a new process; return the JSON that it prints last."""
    command = [python, "-m", module, json.dumps(job)]
    environ = {**os.environ, "NO_PROXY": "127.0.0.1,localhost", **environ}
    done = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- our own module
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


class WorkerRun:
    """Carries out one job."""

    def __init__(self, job: WorkerJob) -> None:
        self._job = job
        self._outcomes = DecidedLines()
        logging.getLogger("joinlink").addHandler(self._outcomes)
        environ = {**os.environ, "JOINLINK_RULES": job.rules}
        _create_memory(environ["AzureWebJobsStorage"])
        wiring.start(wiring.Parts(environ, World()))
        self._handle = wiring.joinlink().event_messages.handle
        self._numbers = count(1)

    def run(self) -> WorkerResult:
        """Warm up, then measure."""
        job = self._job
        if job.is_warm:
            self.warm_up()
        self._outcomes.lines.clear()
        if job.behavior:
            httpx.put(f"{os.environ['JOINLINK_GRAPH_URL']}/control", json=job.behavior).raise_for_status()
        rounds = [self._round() for _ in range(1 if job.seconds or not job.is_warm else _ROUNDS)]
        messages, seconds, cpu, slowest = min(rounds, key=lambda each: each[2] / each[0])
        return WorkerResult(messages, seconds, cpu, slowest, peak(), dict(self._outcomes.counted()))

    def warm_up(self) -> None:
        """Handle a message of each mailbox: from now on all mailboxes and counters are known."""
        for _ in range(_MAILBOXES):
            self.once(self.message())

    def _round(self) -> tuple[int, float, float, float]:
        """Return number of messages, seconds, CPU seconds, and the slowest message's seconds.

        The seconds are those of an average thread: none waits for the last message of another.
        """
        job = self._job
        prepared = [[self.message() for _ in range(job.messages)] for _ in range(job.threads)]
        if job.is_copy:
            for message in (message for messages in prepared for message in messages):
                self.once(message)
        start = Barrier(job.threads + 1)
        with ThreadPoolExecutor(job.threads) as threads:
            runs = [threads.submit(self._thread, messages, start) for messages in prepared]
            start.wait()
            cpu = time.process_time()
            done = [run.result() for run in runs]
            cpu = time.process_time() - cpu
        messages = sum(number for number, _, _ in done)
        seconds = messages / sum(number / seconds for number, seconds, _ in done)
        return messages, seconds, cpu, max(slowest for _, _, slowest in done)

    def _thread(self, messages: list[bytes], start: Barrier) -> tuple[int, float, float]:
        """Return number of messages, seconds, and the slowest message's seconds."""
        start.wait()
        began = time.perf_counter()
        end = began + self._job.seconds
        durations = [self.once(message) for message in messages]
        while time.perf_counter() < end:
            durations.append(self.once(self.message()))
        return len(durations), time.perf_counter() - began, max(durations)

    def once(self, message: bytes) -> float:
        """Handle a message; return how many seconds it took."""
        began, taken = time.perf_counter(), datetime.now(UTC)
        with suppress(Unhandled):  # the host delivers it again
            self._handle(message, queued=taken - _SETTLED, taken=taken)
        return time.perf_counter() - began

    def message(self) -> bytes:
        """Return a message about an event that had none before."""
        number = next(self._numbers)
        return (
            EventChange(
                mailbox=f"{number % _MAILBOXES:08x}-0000-4000-8000-000000000001",
                event=f"{self._job.kind}-{os.getpid()}-{number}",
                source=Source.NOTIFICATION,
                received=datetime.now(UTC) - _SETTLED,
                trace="bench",
            )
            .encode()
            .encode()
        )


def _create_memory(connection_string: str) -> None:
    table = Table.connect(MEETINGS, StorageSettings(connection_string=connection_string), None)
    MemoryMarker(table).set(datetime.now(UTC), why="fresh")
    table.close()


def print_result(run: Callable[[], WorkerResult]) -> None:
    """Print a result for `run_module`."""
    print(json.dumps(asdict(run())))


if __name__ == "__main__":
    print_result(WorkerRun(WorkerJob(**json.loads(sys.argv[1]))).run)
