"""Carries a plan out: moves the clock, lets people and faults act, has the hosts work, and gathers the record."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient
from azure.storage.queue import QueueClient, QueueServiceClient
from werkzeug.exceptions import BadGateway
from werkzeug.middleware.http_proxy import ProxyMiddleware

from sandbox.azurite import ACCOUNT, Azurite
from sandbox.chaos.gate import Gate
from sandbox.chaos.plan import Effect, Happening, How, Meeting, Plan, Target
from sandbox.chaos.process import DRAIN, MAINTAIN, HostProcess
from sandbox.chaos.record import Record
from sandbox.chaos.scene import Clock, Scene
from sandbox.graph import Delivery, Reply, StandIn
from sandbox.serve import serve
from sandbox.stage import CLIENT_STATE_KEY, TENANT, empty
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS

RULES = """version: 1
internal_domains: [contoso.com]
mailboxes: {include: all}
rules:
  - id: external
    mode: enforce
    when: {external_attendees: {at_least: 1}}
"""
_URL = "https://joinlink.example/api/notifications?code=chaos"
_ENDPOINT = re.compile(r"(?P<service>\w+)Endpoint=(?P<url>http://[^/]+)/")
_SERVICES = {"Blob": Target.BLOB, "Queue": Target.QUEUE, "Table": Target.TABLE}
_BUSY_STEP, _QUIET_STEP = timedelta(seconds=20), timedelta(minutes=30)
_TIMER = 15 * 60
_SOON = timedelta(minutes=2)
#: Copies in other POSTs, so that both hosts get a message for the same event.
_DELIVERY = Delivery(copies=(2, 3), shuffle=True, duplicate=0.2, lose=0.05, batch=2)
_POST_SECONDS = 10
_PEEKED = 32

Progress = Callable[[str, float], None]


def play(
    plan: Plan, azurite: Azurite, folder: Path, progress: Progress = lambda _what, _share: None
) -> Record:
    """Play a plan; files go into `folder`: rules, `log.jsonl` and `graph.har`.

    `progress` hears what is going on, and which share of the whole is done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "chaos.yaml").write_text(RULES, encoding="utf-8")
    log = folder / "log.jsonl"
    log.write_text("", encoding="utf-8")
    with _theatre(plan, azurite, folder) as theatre:
        theatre.play(progress)
        return theatre.record(log)


@contextmanager
def _theatre(plan: Plan, azurite: Azurite, folder: Path) -> "Iterator[_Theatre]":
    empty(azurite)
    for name in (EVENT_CHANGES, MAILBOX_TASKS):
        with QueueClient.from_connection_string(azurite.connection_string, name) as queue:
            queue.create_queue()
    clock = Clock(azurite)
    theatre: _Theatre
    graph = StandIn(
        now=clock.now,
        tenant_id=TENANT,
        seed=plan.seed,
        post=lambda url, body, headers: theatre.post(url, body, headers),
        validate=lambda url: theatre.validate(url),
    )
    with ExitStack() as stack:
        theatre = _Theatre(plan, azurite, folder, Scene(plan, clock, graph), stack)
        yield theatre


@dataclass(slots=True)
class _Slot:
    """A place for a host: its gate and its settings stay, its process may die and be followed by another."""

    settings: Mapping[str, str]
    skew: int
    gate: Gate
    process: HostProcess | None = None


class _Theatre:
    def __init__(self, plan: Plan, azurite: Azurite, folder: Path, scene: Scene, stack: ExitStack) -> None:
        self._plan = plan
        self._azurite = azurite
        self._folder = folder
        self._scene = scene
        self._slots: list[_Slot] = []
        self._turn = 0
        self._stuck: list[str] = []
        self._client = stack.enter_context(httpx.Client(timeout=_POST_SECONDS, trust_env=False))
        scene.graph.delivery = _DELIVERY
        for number, skew in enumerate(plan.skews):
            gate = Gate(number, scene, lambda number=number: self._kill(number))  # type: ignore[misc]
            self._slots.append(_Slot(self._settings(gate, stack), skew, gate))
        stack.callback(self._close)

    def play(self, progress: Progress) -> None:
        """Play the busy time in small steps, then the quiet time in large ones."""
        todo = _todo(self._plan)
        whole = self._plan.busy + self._plan.quiet
        maintained = forgot = -_TIMER
        while (seconds := self._scene.seconds()) < whole:
            is_busy = seconds < self._plan.busy
            while todo and todo[0][0] <= seconds:
                _at, meeting, happening = todo.pop(0)
                self._scene.play(meeting, happening)
            if self._plan.forgets_every and seconds - forgot >= self._plan.forgets_every:
                forgot = seconds
                self._forget()
            if seconds - maintained >= _TIMER:
                maintained = seconds
                self._round(MAINTAIN)
            self._round(DRAIN)
            progress("busy" if is_busy else "quiet", min(seconds / whole, 1.0))
            self._scene.clock.advance(_BUSY_STEP if is_busy else _QUIET_STEP)
            if not is_busy:  # what was put back for a moment is not left for half an hour
                self._round(DRAIN)
                self._scene.clock.advance(_SOON)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Carry Graph's POST to one of the hosts, in turn.

        Raises:
            OSError: nobody answers, or not as it should be.
        """
        slot = self._next_slot()
        outbreak = slot.gate.strike(Target.WEBHOOK, "POST", "/api/notifications")
        status = 0
        if outbreak is None or outbreak.fault.effect is Effect.AFTER:
            status = self._answer(slot, url, body, headers).status_code
        if outbreak is None:
            return status
        if outbreak.fault.how is How.DROP:
            raise OSError("dropped by a fault")
        return outbreak.fault.status

    def validate(self, url: str) -> Reply:
        """Carry Graph's handshake to one of the hosts.

        Raises:
            OSError: nobody answers.
        """
        answer = self._answer(self._next_slot(), url, b"", {"Content-Type": "text/plain; charset=utf-8"})
        return Reply(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)

    def record(self, log: Path) -> Record:
        """Gather what happened."""
        scene = self._scene
        scene.graph.write_har(self._folder / "graph.har")
        carried_out = Counter(
            scene.meeting_of(call.path)
            for call in scene.graph.calls
            if call.method == "PATCH" and call.status == 200 and scene.meeting_of(call.path)  # noqa: PLR2004
        )
        return Record(
            plan=self._plan,
            entries=scene.chronicle.entries(),
            ids=dict(scene.ids),
            online={name: scene.is_online(name) for name in scene.ids},
            rows={str(row["RowKey"]): dict(row) for row in self._rows()},
            poison=tuple(self._poison()),
            waiting=self._waiting(),
            lines=tuple(_lines(log)),
            carried_out=carried_out,
            stuck=tuple(self._stuck),
        )

    def _round(self, order: str) -> None:
        """Deliver what is due, then have the hosts work at once; a dead host is followed by another."""
        hosts = [self._alive(number) for number in range(len(self._slots))]
        self._scene.graph.deliver()
        told = hosts if order == DRAIN else [hosts[self._turn % len(hosts)]]
        for host in told:
            host.tell(order)
        for host in told:
            try:
                host.ends()
            except TimeoutError as error:
                self._stuck.append(str(error))

    def _alive(self, number: int) -> HostProcess:
        slot = self._slots[number]
        if slot.process and slot.process.is_alive:
            return slot.process
        if slot.process:
            slot.process.close()
        slot.process = HostProcess(
            number,
            settings=slot.settings,
            storage=self._azurite.connection_string,
            ahead=self._scene.clock.ahead,
            skew=slot.skew,
            log=self._folder / "log.jsonl",
        )
        return slot.process

    def _kill(self, number: int) -> None:
        process = self._slots[number].process
        if process:
            process.kill()

    def _next_slot(self) -> _Slot:
        self._turn += 1
        return self._slots[self._turn % len(self._slots)]

    def _answer(self, slot: _Slot, url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        if slot.process is None:
            raise ConnectionRefusedError("the host is not there")
        query = url.partition("?")[2]
        try:
            return self._client.post(
                f"{slot.process.url}/api/notifications?{query}", content=body, headers=dict(headers)
            )
        except httpx.TransportError as error:
            raise OSError("the host did not answer") from error

    def _settings(self, gate: Gate, stack: ExitStack) -> dict[str, str]:
        """Return a host's settings: every address in them leads through its gate."""

        def gated(endpoint: re.Match[str]) -> str:
            storage = ProxyMiddleware(
                BadGateway(), {f"/{ACCOUNT}": {"target": endpoint["url"], "host": None}}
            )
            url = stack.enter_context(serve(gate.over(storage, _SERVICES[endpoint["service"]])))
            return f"{endpoint['service']}Endpoint={url}/"

        graph_url = stack.enter_context(serve(gate.over(self._scene.graph, Target.GRAPH)))
        return {
            "AzureWebJobsStorage": _ENDPOINT.sub(gated, self._azurite.connection_string),
            "JOINLINK_TENANT_ID": TENANT,
            "JOINLINK_GRAPH_URL": graph_url,
            "JOINLINK_CLIENT_STATE_KEY": CLIENT_STATE_KEY,
            "JOINLINK_NOTIFICATION_URL": _URL,
            "JOINLINK_RULES": str((self._folder / "rules").resolve()),
            "IDENTITY_ENDPOINT": f"{graph_url}/msi/token",
            "IDENTITY_HEADER": "sandbox",
            "PYTHON_THREADPOOL_THREAD_COUNT": "32",
        }

    def _rows(self) -> list[Mapping[str, Any]]:
        with TableClient.from_connection_string(self._azurite.connection_string, "meetings") as table:
            try:
                return list(table.list_entities())
            except ResourceNotFoundError:
                return []

    def _forget(self) -> None:
        """Lose the rows about events, as an app would that does not remember."""
        with TableClient.from_connection_string(self._azurite.connection_string, "meetings") as table:
            for row in self._rows():
                if self._scene.meeting_of_row(str(row["RowKey"])):
                    table.delete_entity(row["PartitionKey"], row["RowKey"])

    def _poison(self) -> Iterator[str]:
        for name in (EVENT_CHANGES, MAILBOX_TASKS):
            with QueueClient.from_connection_string(
                self._azurite.connection_string, f"{name}-poison"
            ) as queue, suppress(ResourceNotFoundError):  # fmt: skip
                while page := list(queue.receive_messages(max_messages=_PEEKED, visibility_timeout=3600)):
                    yield from (str(message.content) for message in page)

    def _waiting(self) -> dict[str, int]:
        with QueueServiceClient.from_connection_string(self._azurite.connection_string) as queues:
            return {
                name: queues.get_queue_client(name).get_queue_properties().approximate_message_count or 0
                for name in (EVENT_CHANGES, MAILBOX_TASKS)
            }

    def _close(self) -> None:
        for slot in self._slots:
            if slot.process:
                slot.process.close()


def _todo(plan: Plan) -> list[tuple[int, Meeting, Happening]]:
    rows = [(one.at, meeting, one) for meeting in plan.meetings for one in meeting.happenings]
    return sorted(rows, key=lambda row: row[0])


def _lines(log: Path) -> Iterator[dict[str, Any]]:
    """Yield the app's lines; one that its process died over is not there."""
    for text in log.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError):
            yield json.loads(text)
