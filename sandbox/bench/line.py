"""How long hosts take for many changes of one mailbox, by a clock that moves in steps of a tenth of a second.

The hosts are the product's own wiring on storage in memory. A call to Graph takes three tenths; the fifth at
the same time is refused, as Exchange does (MailboxConcurrency). So the figures do not depend on this machine.
"""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import local
from types import SimpleNamespace
from unittest import mock

import httpx

from sandbox.graph import StandIn
from sandbox.graph.gateway import MAILBOX_CONCURRENCY
from sandbox.machine.app import MemoryJoinlink, MemoryParts
from sandbox.machine.record import TenantRules
from sandbox.machine.services import Account, Connection
from sandbox.machine.steps import SteppedJob
from sandbox.machine.worker import SETTINGS, TENANT
from sandbox.serve import InProcess
from sandbox.simulate.queue import QueuedText
from shared import deadline
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS, EventChange, Source
from shared.worker.common.world import World

#: of the budget: a mailbox after a migration, or a calendar that was imported
CHANGES = 500
_START = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
_TICK = timedelta(seconds=0.1)
#: in ticks: a call to Graph, and its refusal
_CALL, _REFUSAL = 3, 1
#: what one host handles at the same time (host.json)
_THREADS = 32
_MOST_TICKS = 200_000
_BUSY = {"code": "ApplicationThrottled", "message": "Application is over its MailboxConcurrency limit."}
_OUTSIDE = [{"type": "required", "emailAddress": {"address": "bo@fabrikam.com"}}]


@dataclass(slots=True, kw_only=True)
class Drained:
    """How a line of changes was handled.

    Attributes:
        seconds: until the last change was handled.
        other_seconds: until the change of another mailbox was, which was queued last.
        online: how many events have a link in the end.
        refused: calls to Graph that were refused for MailboxConcurrency.
        calls: all calls to Graph.
        poisoned: messages in the poison queue.
        deliveries: how often a message was dequeued.
    """

    seconds: float = 0
    other_seconds: float = 0
    online: int = 0
    refused: int = 0
    calls: int = 0
    poisoned: int = 0
    deliveries: int = 0


def drain(*, hosts: int, changes: int) -> Drained:
    """Queue so many changes of one mailbox, and one of another; handle all with so many hosts."""
    line = _Line()
    with line.open(hosts):
        line.queue_changes(changes)
        line.run()
    return line.result


@dataclass
class _Line:
    """A tenant, an account and hosts, with one clock."""

    now: datetime = _START
    result: Drained = field(default_factory=Drained)

    def __post_init__(self) -> None:
        self.account = Account(lambda: self.now)
        self.graph = StandIn(now=lambda: self.now, tenant_id=TENANT, record=False, stopwatch=lambda: 0.0)
        self._busy, self._other = (self.graph.add_user(name, f"{name}@contoso.com") for name in ("ada", "cy"))
        self._events: list[str] = []
        self._active: Counter[str] = Counter()
        self._apps: list[MemoryJoinlink] = []
        self._jobs: list[list[SteppedJob]] = []

    @contextmanager
    def open(self, hosts: int) -> Iterator[None]:
        """Start the hosts. Their deadlines follow the clock; no thread waits for a place in real time."""
        clock = SimpleNamespace(monotonic=self._seconds)
        with (
            mock.patch.object(deadline, "time", clock),
            mock.patch("shared.worker.events.processing._PATIENCE", timedelta(0)),
        ):
            self._apps = [self._app(number) for number in range(hosts)]
            self._jobs = [[] for _ in range(hosts)]
            for app in self._apps:  # the first one creates the memory of writes; no thread builds parts later
                app.maintenance().run()
                assert app.event_messages is not None
            self.account.queues.pop(MAILBOX_TASKS, None)
            try:
                yield
            finally:
                for app in self._apps:
                    app.close()

    def queue_changes(self, changes: int) -> None:
        """Create the events and queue their messages, that of the other mailbox last."""
        for user in [*[self._busy] * changes, self._other]:
            event = self.graph.people.create(
                user.id,
                subject="Review",
                start={"dateTime": "2026-12-14T09:00:00", "timeZone": "UTC"},
                end={"dateTime": "2026-12-14T10:00:00", "timeZone": "UTC"},
                attendees=_OUTSIDE,
            )
            self._events.append(event)
            change = EventChange(
                mailbox=user.id, event=event, source=Source.NOTIFICATION, received=self.now, trace=event[-12:]
            )
            self.account.queue(EVENT_CHANGES).send(change.encode())

    def run(self) -> None:
        """Move the clock until no message is left. Raises AssertionError if that never happens."""
        queue = self.account.queue(EVENT_CHANGES)
        for _ in range(_MOST_TICKS):
            for jobs in self._jobs:
                for job in jobs:
                    job.advance()
                jobs[:] = [job for job in jobs if not job.has_ended]
            self._take_messages()
            if not self.result.other_seconds and self._is_online(self._other.id, self._events[-1]):
                self.result.other_seconds = self._elapsed
            if not any(self._jobs):
                if not len(queue):
                    break
                assert queue.next_visible
                self.now = max(self.now, queue.next_visible - _TICK)
            self.now += _TICK
        else:
            raise AssertionError(f"{len(queue)} messages are left")
        self.result.seconds = self._elapsed
        self.result.online = sum(self._is_online(self._busy.id, event) for event in self._events[:-1])
        self.result.poisoned = len(self.account.queue(f"{EVENT_CHANGES}-poison"))

    def _seconds(self) -> float:
        return self.now.timestamp()

    @property
    def _elapsed(self) -> float:
        return (self.now - _START).total_seconds()

    def _take_messages(self) -> None:
        """Let the hosts take visible messages in turn, one at a time, as long as they have a free thread."""
        for _ in range(_THREADS):
            for app, jobs in zip(self._apps, self._jobs, strict=True):
                message = self.account.queue(EVENT_CHANGES).dequeue() if len(jobs) < _THREADS else None
                if message:
                    self.result.deliveries += 1
                    jobs.append(_job(app, message, self.now))

    def _app(self, number: int) -> MemoryJoinlink:
        uniform, ids = random.Random(number).uniform, count(1)  # noqa: S311 -- repeatable, no secrets
        world = World(now=lambda: self.now, uniform=uniform, new_id=lambda: f"{number}-{next(ids)}")
        connection = Connection(self.account, lambda: None, lambda _: None, lambda _: None)
        graph = _BusyGraph(self.result, self._active, InProcess(self.graph))
        return MemoryJoinlink(MemoryParts(SETTINGS, world, connection, graph, TenantRules().text))

    def _is_online(self, user: str, event: str) -> bool:
        return self.graph.mailboxes.find(user, event).online is not None


def _job(app: MemoryJoinlink, message: QueuedText, taken: datetime) -> SteppedJob:
    def handle() -> None:
        _OWN.job = job
        app.event_messages.handle(message.text.encode(), message.dequeued, queued=message.queued, taken=taken)

    job = SteppedJob(handle, "line")
    return job


class _OwnJob(local):
    """The job that a thread runs."""

    job: SteppedJob | None = None


_OWN = _OwnJob()


class _BusyGraph(httpx.BaseTransport):
    """A Graph whose calls take time, and whose mailboxes answer four at once."""

    def __init__(self, result: Drained, active: Counter[str], inner: httpx.BaseTransport) -> None:
        self._result = result
        self._active = active
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a call after its time."""
        if _OWN.job is None or "/users/" not in request.url.path:
            return self._inner.handle_request(request)
        mailbox = request.url.path.split("/")[3]
        self._result.calls += 1
        self._active[mailbox] += 1
        is_refused = self._active[mailbox] > MAILBOX_CONCURRENCY
        self._result.refused += is_refused
        for _ in range(_REFUSAL if is_refused else _CALL):
            _OWN.job.stop()
        self._active[mailbox] -= 1
        if is_refused:
            return httpx.Response(429, headers={"Retry-After": "1"}, json={"error": _BUSY})
        return self._inner.handle_request(request)
