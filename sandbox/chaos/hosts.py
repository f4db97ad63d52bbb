"""The hosts of a run. A host that was killed is replaced by another process with the same settings."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
from werkzeug.exceptions import BadGateway
from werkzeug.middleware.http_proxy import ProxyMiddleware

from sandbox.azurite import ACCOUNT
from sandbox.chaos.fault_proxy import FaultProxy
from sandbox.chaos.forked_host import DRAIN, FUNCTION_KEY, MAINTAIN, ForkedHost, ForkedHostSetup
from sandbox.chaos.plan import FaultAction, FaultEffect, Target
from sandbox.chaos.state import ChaosState
from sandbox.graph import Reply
from sandbox.serve import serve
from sandbox.stage import CLIENT_STATE_KEY, TENANT

_ROUTE = "/api/notifications"
_ENDPOINT = re.compile(r"(?P<service>\w+)Endpoint=(?P<url>http://[^/]+)/")
_SERVICES = {"Blob": Target.BLOB, "Queue": Target.QUEUE, "Table": Target.TABLE}
_POST_SECONDS = 10


@dataclass(slots=True)
class _Slot:
    setup: ForkedHostSetup
    proxy: FaultProxy
    process: ForkedHost | None = None


class Hosts:
    """All hosts of a run, and the load balancer in front of them.

    `storage` is Azurite's own connection string, `folder` contains the rules and the log.

    Attributes:
        stuck: a text for each host that neither finished nor died.
    """

    def __init__(self, state: ChaosState, storage: str, folder: Path, stack: ExitStack) -> None:
        self.stuck: list[str] = []
        self._turn = 0
        self._client = stack.enter_context(httpx.Client(timeout=_POST_SECONDS, trust_env=False))
        self._slots: list[_Slot] = []
        for number, skew in enumerate(state.plan.clock_skews):
            proxy = FaultProxy(number, state, partial(self._kill, number))
            setup = ForkedHostSetup(
                number=number,
                settings=_settings(state, proxy, storage, folder, stack),
                storage=storage,
                clock=state.clock.shared.path,
                skew=timedelta(seconds=skew),
                log=folder / "log.jsonl",
            )
            self._slots.append(_Slot(setup, proxy))
        stack.callback(self._close)

    def drain(self) -> None:
        """Have all hosts process the visible messages, at the same time."""
        self._command(DRAIN, [self._running(slot) for slot in self._slots])

    def maintain(self) -> None:
        """Have one of the hosts run the timer."""
        hosts = [self._running(slot) for slot in self._slots]
        self._command(MAINTAIN, [hosts[self._turn % len(hosts)]])

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Pass Graph's POST to one of the hosts, in turn.

        Raises:
            OSError: no host answers, or a fault drops the connection.
        """
        self._turn += 1
        slot = self._slots[self._turn % len(self._slots)]
        fault = slot.proxy.next_fault(Target.WEBHOOK, "POST", _ROUTE) if body else None
        if fault is None or fault.effect is FaultEffect.AFTER:
            answer = self._answer(slot, url, body, headers)
        if fault is None:
            return answer
        if fault.action is FaultAction.DROP:
            raise OSError("dropped by a fault")
        return Reply(fault.status)

    def _command(self, command: str, hosts: list[ForkedHost]) -> None:
        for host in hosts:
            host.send(command)
        for host in hosts:
            try:
                host.wait()
            except TimeoutError as error:
                self.stuck.append(str(error))

    def _answer(self, slot: _Slot, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        if slot.process is None:
            raise ConnectionRefusedError("the host has not started")
        address = f"{slot.process.url}{_ROUTE}?{url.partition('?')[2]}"
        try:
            answer = self._client.post(address, content=body, headers=dict(headers))
        except httpx.TransportError as error:
            raise OSError("the host did not answer") from error
        return Reply(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)

    def _running(self, slot: _Slot) -> ForkedHost:
        if slot.process and slot.process.is_alive:
            return slot.process
        if slot.process:
            slot.process.close()
        slot.process = ForkedHost(slot.setup)
        return slot.process

    def _kill(self, number: int) -> None:
        process = self._slots[number].process
        if process:
            process.kill()

    def _close(self) -> None:
        for slot in self._slots:
            if slot.process:
                slot.process.close()


def _settings(
    state: ChaosState, proxy: FaultProxy, storage: str, folder: Path, stack: ExitStack
) -> dict[str, str]:
    """Return a host's settings, with the addresses of its fault proxy."""

    def proxied(endpoint: re.Match[str]) -> str:
        service = endpoint["service"]
        azurite = ProxyMiddleware(BadGateway(), {f"/{ACCOUNT}": {"target": endpoint["url"], "host": None}})
        return f"{service}Endpoint={stack.enter_context(serve(proxy.wrap(azurite, _SERVICES[service])))}/"

    graph_url = stack.enter_context(serve(proxy.wrap(state.graph, Target.GRAPH)))
    return {
        "AzureWebJobsStorage": _ENDPOINT.sub(proxied, storage),
        "JOINLINK_TENANT_ID": TENANT,
        "JOINLINK_GRAPH_URL": graph_url,
        "JOINLINK_CLIENT_STATE_KEY": CLIENT_STATE_KEY,
        "JOINLINK_NOTIFICATION_URL": f"https://joinlink.example{_ROUTE}?code={FUNCTION_KEY}",
        "JOINLINK_RULES": str((folder / "rules").resolve()),
        "IDENTITY_ENDPOINT": f"{graph_url}/msi/token",
        "IDENTITY_HEADER": "sandbox",
        "PYTHON_THREADPOOL_THREAD_COUNT": "32",
    }
