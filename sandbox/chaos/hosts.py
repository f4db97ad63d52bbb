"""The hosts of a play: their gates and settings stay, their processes die and are followed by others."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
from werkzeug.exceptions import BadGateway
from werkzeug.middleware.http_proxy import ProxyMiddleware

from sandbox.azurite import ACCOUNT
from sandbox.chaos.gate import Gate
from sandbox.chaos.plan import FaultEffect, How, Target
from sandbox.chaos.process import DRAIN, ChaosHost, Setup
from sandbox.chaos.scene import ChaosScene
from sandbox.graph import Reply
from sandbox.serve import serve
from sandbox.stage import CLIENT_STATE_KEY, TENANT

_URL = "https://joinlink.example/api/notifications?code=chaos"
_ENDPOINT = re.compile(r"(?P<service>\w+)Endpoint=(?P<url>http://[^/]+)/")
_SERVICES = {"Blob": Target.BLOB, "Queue": Target.QUEUE, "Table": Target.TABLE}
_POST_SECONDS = 10


@dataclass(slots=True)
class _Slot:
    settings: Mapping[str, str]
    gate: Gate
    process: ChaosHost | None = None


class Hosts:
    """All hosts of a play. `storage` is Azurite's own connection string, `folder` holds rules and the log.

    Attributes:
        stuck: a sentence for each process that neither answered nor died.
    """

    def __init__(self, scene: ChaosScene, storage: str, folder: Path, stack: ExitStack) -> None:
        self._scene = scene
        self._storage = storage
        self._folder = folder
        self._turn = 0
        self.stuck: list[str] = []
        self._client = stack.enter_context(httpx.Client(timeout=_POST_SECONDS, trust_env=False))
        self._slots: list[_Slot] = []
        for number in range(len(scene.plan.skews)):
            gate = Gate(number, scene, partial(self._kill, number))
            self._slots.append(_Slot(self._settings(gate, stack), gate))
        stack.callback(self._close)

    def work(self, order: str) -> None:
        """Have all hosts work at once, or one of them run the timer."""
        hosts = [self._alive(number) for number in range(len(self._slots))]
        told = hosts if order == DRAIN else [hosts[self._turn % len(hosts)]]
        for host in told:
            host.tell(order)
        for host in told:
            try:
                host.ends()
            except TimeoutError as error:
                self.stuck.append(str(error))

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Carry Graph's POST to one of the hosts, in turn; return the status.

        Raises:
            OSError: nobody answers, or a fault has it so.
        """
        slot = self._next()
        outbreak = slot.gate.strike(Target.WEBHOOK, "POST", "/api/notifications")
        status = 0
        if outbreak is None or outbreak.fault.effect is FaultEffect.AFTER:
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
        answer = self._answer(self._next(), url, b"", {"Content-Type": "text/plain; charset=utf-8"})
        return Reply(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)

    def _next(self) -> _Slot:
        self._turn += 1
        return self._slots[self._turn % len(self._slots)]

    def _answer(self, slot: _Slot, url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        if slot.process is None:
            raise ConnectionRefusedError("the host is not there")
        address = f"{slot.process.url}/api/notifications?{url.partition('?')[2]}"
        try:
            return self._client.post(address, content=body, headers=dict(headers))
        except httpx.TransportError as error:
            raise OSError("the host did not answer") from error

    def _alive(self, number: int) -> ChaosHost:
        slot = self._slots[number]
        if slot.process and slot.process.is_alive:
            return slot.process
        if slot.process:
            slot.process.close()
        slot.process = ChaosHost(
            Setup(
                number=number,
                settings=slot.settings,
                storage=self._storage,
                ahead=self._scene.clock.ahead,
                skew=self._scene.plan.skews[number],
                log=self._folder / "log.jsonl",
            )
        )
        return slot.process

    def _kill(self, number: int) -> None:
        process = self._slots[number].process
        if process:
            process.kill()

    def _settings(self, gate: Gate, stack: ExitStack) -> dict[str, str]:
        """Return a host's settings: every address in them leads through its gate."""

        def gated(endpoint: re.Match[str]) -> str:
            service = endpoint["service"]
            azurite = ProxyMiddleware(
                BadGateway(), {f"/{ACCOUNT}": {"target": endpoint["url"], "host": None}}
            )
            return f"{service}Endpoint={stack.enter_context(serve(gate.over(azurite, _SERVICES[service])))}/"

        graph_url = stack.enter_context(serve(gate.over(self._scene.graph, Target.GRAPH)))
        return {
            "AzureWebJobsStorage": _ENDPOINT.sub(gated, self._storage),
            "JOINLINK_TENANT_ID": TENANT,
            "JOINLINK_GRAPH_URL": graph_url,
            "JOINLINK_CLIENT_STATE_KEY": CLIENT_STATE_KEY,
            "JOINLINK_NOTIFICATION_URL": _URL,
            "JOINLINK_RULES": str((self._folder / "rules").resolve()),
            "IDENTITY_ENDPOINT": f"{graph_url}/msi/token",
            "IDENTITY_HEADER": "sandbox",
            "PYTHON_THREADPOOL_THREAD_COUNT": "32",
        }

    def _close(self) -> None:
        for slot in self._slots:
            if slot.process:
                slot.process.close()
