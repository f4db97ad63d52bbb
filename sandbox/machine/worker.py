"""One worker: a process of the app that handles a message at a time, step by step, and may be killed."""

import json
import random
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol

import httpx

from sandbox.graph import Reply, StandIn
from sandbox.machine.app import MemoryJoinlink, MemoryParts
from sandbox.machine.record import DeliveryRecord
from sandbox.machine.services import Account, Connection
from sandbox.machine.steps import SteppedJob
from sandbox.machine.tokens import TokenEndpoint, TokenFault
from sandbox.serve import InProcess
from shared.domain.messages import EVENT_CHANGES
from shared.errors import QueueUnavailable, Unhandled
from shared.worker.common.world import World

TENANT = "c0ffee00-0000-4000-8000-000000000001"
URL = "https://joinlink.example/api/notifications?code=function-key"
SETTINGS = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "JOINLINK_TENANT_ID": TENANT,
    "JOINLINK_CLIENT_STATE_KEY": "the-client-state-key-of-the-machine",
    "JOINLINK_NOTIFICATION_URL": URL,
}
_EVENT = re.compile(r"/events/([^/]+)$")
_ACCEPTED, _UNAVAILABLE = 202, 503


class Witness(Protocol):
    """Sees what a worker does."""

    def saw_patch(
        self, worker: "MachineWorker", event: str, send: Callable[[], httpx.Response]
    ) -> httpx.Response:
        """Send a PATCH of an event, and record its effect."""

    def saw_fault(self, worker: "MachineWorker", *, is_storage: bool) -> None:
        """Record that a call of a worker failed."""

    def saw_token_fault(self, fault: TokenFault) -> None:
        """Record that a worker got no token, or none that Graph accepts."""


class MachineWorker:
    """A worker with its own clock, which is `skew` ahead. `job` is what it does now, None if it is idle."""

    def __init__(
        self,
        number: int,
        *,
        skew: timedelta,
        account: Account,
        graph: StandIn,
        tokens: TokenEndpoint,
        rules: Callable[[], str],
        settings: Callable[[], Mapping[str, str]],
        witness: Witness,
    ) -> None:
        self.number = number
        self.skew = skew
        self.is_braked = False
        self.job: SteppedJob | None = None
        self.delivery: DeliveryRecord | None = None
        self.waits_since = account.now()
        #: its next step sends a PATCH
        self.is_at_write = False
        self._account = account
        self._graph = graph
        self._tokens = tokens
        self._rules = rules
        self._settings = settings
        self._witness = witness
        # The ids of a process that starts again are other ids.
        self._random, self._ids = random.Random(number), count(1)  # noqa: S311 -- repeatable, no secrets
        self.start(is_braked=False)

    @property
    def now(self) -> datetime:
        """The time by its own clock."""
        return self._account.now() + self.skew

    def start(self, *, is_braked: bool) -> None:
        """Start the process; only the storage stays."""
        self.is_braked, self.is_at_write = is_braked, False
        environ = {**self._settings(), **({"JOINLINK_MODE": "report"} if is_braked else {})}
        world = World(
            now=lambda: self.now,
            uniform=self._random.uniform,
            new_id=lambda: f"{self.number}-{next(self._ids)}",
        )
        connection = Connection(self._account, self.stop, self._note_storage_fault, self._sent)
        transport = _SteppedGraph(self, self._witness, InProcess(self._graph))
        tokens = self._tokens.source(world.now, self.stop, self._witness.saw_token_fault)
        parts = MemoryParts(environ, world, connection, transport, self._rules, tokens=tokens)
        self._app = MemoryJoinlink(parts)

    def stop(self) -> None:
        """Let others act; each call to a service comes here before and after it."""
        if self.job:
            self.waits_since = self._account.now()
            self.job.stop()

    def begin(self, delivery: DeliveryRecord, count: int, queued: datetime, done: Callable[[], None]) -> None:
        """Begin to handle a message; `done` is called if it was finished."""
        app = self._app
        self.delivery, taken = delivery, self._account.now()

        def handle() -> None:
            is_event = delivery.queue == EVENT_CHANGES
            messages = app.event_messages if is_event else app.mailbox_messages
            try:
                messages.handle(delivery.message.text.encode(), count, queued=queued, taken=taken)
            except Unhandled:
                delivery.is_left_to_host = True
            done()

        self._run(handle)

    def begin_maintenance(self) -> None:
        """Begin a run of the timer."""
        self._run(lambda: self._app.maintenance().run())

    def receive(self, body: bytes) -> Reply:
        """Answer a POST of Graph's, on another thread than the job's."""
        job, self.job = self.job, None  # the webhook is one step
        try:
            self._app.webhook.accept(body)
        except QueueUnavailable:
            return Reply(_UNAVAILABLE)
        finally:
            self.job = job
        return Reply(_ACCEPTED)

    def advance(self, steps: int) -> None:
        """Make some steps of the job."""
        while steps and self.job:
            self.job.advance()
            steps -= 1
            if self.job.has_ended:
                self.job = None

    def finish(self) -> None:
        """Finish the job."""
        if self.job:
            self.job.finish()
            self.job = None

    def kill(self) -> None:
        """Kill the process where it is, and start another."""
        if self.job:
            self.job.kill()
            self.job = None
        self._app.close()
        self.start(is_braked=self.is_braked)

    def close(self) -> None:
        """End the process for good."""
        if self.job:
            self.job.kill()
            self.job = None
        self._app.close()

    def _run(self, job: Callable[[], object]) -> None:
        assert self.job is None
        self.waits_since = self._account.now()
        self.job = SteppedJob(job, f"worker-{self.number}")

    def _note_storage_fault(self, _call: str) -> None:
        self._witness.saw_fault(self, is_storage=True)

    def _sent(self, queue: str) -> None:
        if self.job and self.delivery:
            self.delivery.sent.append(queue)


class _SteppedGraph(httpx.BaseTransport):
    """Graph as one worker sees it: each call is a step."""

    def __init__(self, worker: MachineWorker, witness: Witness, inner: httpx.BaseTransport) -> None:
        self._worker = worker
        self._witness = witness
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a call."""
        self._worker.is_at_write = request.method == "PATCH"
        self._worker.stop()
        self._worker.is_at_write = False
        match = _EVENT.search(request.url.path)
        try:
            if match and request.method == "PATCH":
                return self._witness.saw_patch(
                    self._worker, match[1], lambda: self._inner.handle_request(request)
                )
            return self._inner.handle_request(request)
        finally:
            self._worker.stop()


def message_facts(text: str) -> tuple[str, str, str]:
    """Return the mailbox, the event and the task that a message is about, "" for each that is absent."""
    message = json.loads(text)
    return str(message.get("mailbox", "")), str(message.get("event", "")), str(message.get("task", ""))
