"""The stand-in Graph of a run as a process: its people, its faults, its record, and its own POSTs."""

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from sandbox.chaos.child import pull_leash
from sandbox.chaos.fault_proxy import FaultProxy
from sandbox.chaos.plan import ChaosPlan
from sandbox.chaos.record import GraphRecord
from sandbox.chaos.state import ChaosState
from sandbox.clock import SharedClock
from sandbox.faults.fault import FaultAction, FaultEffect, Target, UserAction
from sandbox.graph import NotificationDelivery, Reply, StandIn
from sandbox.serve import serve
from sandbox.stage import TENANT

ROUTE = "/api/notifications"
_POST_SECONDS = 30
#: Copies in separate POSTs, so that both hosts get a message about the same event.
_STORM = NotificationDelivery(
    copies=(1, 2), shuffle=True, duplicate=0.1, lose=0.05, late=0.05, late_by=timedelta(minutes=12), batch=3
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSetup:
    """What the stand-in needs to start. `leashes` kill the hosts, `record` is the file that it writes."""

    plan: ChaosPlan
    clock: Path
    started: datetime
    leashes: tuple[Path, ...]
    record: Path


@dataclass(frozen=True, slots=True)
class HostStarted:
    """A command: the host with this number now has this URL."""

    host: int
    url: str


@dataclass(frozen=True, slots=True)
class GraphStep:
    """A command: people do what is due, then notifications that are due are sent.

    The answer says whether any mailbox is watched.
    """

    is_calm: bool


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """A command: write the record."""


def run_graph(commands: Connection, setup: GraphSetup) -> None:
    """Run the stand-in until it is killed; send its base URLs first, one for each host."""
    clock = SharedClock(setup.clock)
    with ExitStack() as stack:
        balancer = _LoadBalancer(stack.enter_context(httpx.Client(timeout=_POST_SECONDS, trust_env=False)))
        graph = StandIn(
            now=clock.now,
            tenant_id=TENANT,
            seed=setup.plan.seed,
            post=balancer.post,
            stopwatch=lambda: balancer.slow_seconds,
            record=False,
        )
        graph.delivery = _STORM
        graph.stale_for = timedelta(seconds=setup.plan.stale_for)
        state = ChaosState(setup.plan, clock, graph, setup.started)
        balancer.proxies = [
            FaultProxy(host, state, partial(pull_leash, leash)) for host, leash in enumerate(setup.leashes)
        ]
        commands.send([stack.enter_context(serve(proxy.wrap(graph))) for proxy in balancer.proxies])
        people = _People(state)
        stack.enter_context(suppress(EOFError, BrokenPipeError))  # the run was ended
        while True:
            answer: object = "done"
            match commands.recv():
                case HostStarted(host, url):
                    balancer.urls[host] = url
                case GraphStep(is_calm):
                    if is_calm:
                        graph.delivery = NotificationDelivery()
                    people.act()
                    graph.deliver()
                    answer = any(graph.subscriptions.active())
                case WriteRecord():
                    _record(state, balancer.proxies).write(setup.record)
            commands.send(answer)


class _People:
    """Does what the plan says, when it is due."""

    def __init__(self, state: ChaosState) -> None:
        self._state = state
        actions = (
            (each.at, meeting, each.action) for meeting in state.plan.meetings for each in meeting.actions
        )
        self._todo = sorted(actions, key=lambda one: one[0], reverse=True)

    def act(self) -> None:
        seconds = self._state.seconds()
        while self._todo and self._todo[-1][0] <= seconds:
            _, meeting, action = self._todo.pop()
            if action is UserAction.CREATE:
                self._state.create(meeting)
            else:
                self._state.do(meeting.name, action)


class _LoadBalancer:
    """Passes Graph's POSTs to the hosts, in turn. `slow_seconds` grows by slow answers."""

    def __init__(self, client: httpx.Client) -> None:
        self.proxies: list[FaultProxy] = []
        self.urls: dict[int, str] = {}
        self.slow_seconds = 0.0
        self._client = client
        self._turn = 0

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send a POST.

        Raises:
            OSError: no host answers, or a fault drops the connection.
        """
        self._turn += 1
        host = self._turn % len(self.proxies)
        fault = self.proxies[host].next_fault(Target.WEBHOOK, "POST", ROUTE) if body else None
        if fault and fault.action is FaultAction.DELAY:
            self.slow_seconds += fault.seconds
            fault = None
        if fault is None or fault.effect is FaultEffect.AFTER:
            answer = self._answer(host, url, body, headers)
        if fault is None:
            return answer
        if fault.action is FaultAction.DROP:
            raise OSError("dropped by a fault")
        return Reply(fault.status)

    def _answer(self, host: int, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        if host not in self.urls:
            raise ConnectionRefusedError("the host has not started")
        address = f"{self.urls[host]}{ROUTE}?{url.partition('?')[2]}"
        try:
            answer = self._client.post(address, content=body, headers=dict(headers))
        except httpx.TransportError as error:
            raise OSError("the host did not answer") from error
        return Reply(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)


def _record(state: ChaosState, proxies: list[FaultProxy]) -> GraphRecord:
    calls = sum((proxy.calls for proxy in proxies), Counter[str]())
    return GraphRecord(
        entries=tuple(state.entries),
        ids=state.ids,
        final={name: state.final(name) for name in state.ids},
        calls=calls,
        notifications={str(fate): count for fate, count in state.graph.notifications.items()},
    )
