"""Faults of the calls between one host and Graph, and of Graph's own POSTs.

The proxy is in front of the stand-in Graph, which handles and records a call that takes effect, even if the
proxy then changes the answer.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from time import sleep
from typing import TYPE_CHECKING

from werkzeug import Response
from werkzeug.test import run_wsgi_app

from sandbox.chaos.record import FaultHit, WriteSent
from sandbox.chaos.state import ChaosState
from sandbox.faults.fault import FaultAction, FaultEffect, FaultWindow, PlannedFault, Target, latency_seconds
from sandbox.serve import hang_up

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PIECE = 64


class FaultProxy:
    """The proxy of the host with this number; `kill` kills the host's process.

    Attributes:
        calls: the number of calls about each meeting.
    """

    def __init__(self, host: int, state: ChaosState, kill: Callable[[], None]) -> None:
        self.calls: Counter[str] = Counter()
        self._host = host
        self._state = state
        self._kill = kill
        self._lock = Lock()
        self._seen: Counter[tuple[int, str]] = Counter()
        self._hits: Counter[int] = Counter()

    def wrap(self, app: "WSGIApplication") -> "WSGIApplication":
        """Return an app with faults in front of it."""

        def with_faults(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            target = Target.TOKEN if environ["PATH_INFO"].startswith("/msi/") else Target.GRAPH
            return self._answer(app, target, environ)(environ, start_response)

        return with_faults

    def next_fault(self, target: Target, method: str, path: str, meeting: str = "") -> PlannedFault | None:
        """Return the fault that hits this call, if any, and record it."""
        now = self._state.seconds()
        for number, window in enumerate(self._state.plan.fault_windows):
            fault = window.fault
            if (
                fault.target is target
                and window.start <= now < window.start + window.duration
                and (fault.method == "*" or re.fullmatch(fault.method, method))
                and re.search(fault.path, path)
                and self._hits_call(number, window, f"{method} {path}")
            ):
                call, at = f"{target} {method} {path}", self._state.clock.now()
                self._state.entries.append(
                    FaultHit(at=at, host=self._host, kind=fault.kind, call=call, meeting=meeting)
                )
                return fault
        return None

    def _hits_call(self, number: int, window: FaultWindow, call: str) -> bool:
        """Draw by the call and how often it was made, so that the order of threads does not matter."""
        with self._lock:
            self._seen[number, call] += 1
            count = 0 if window.fault.lasts else self._seen[number, call]
            if window.limit is not None and self._hits[number] >= window.limit:
                return False
            chance = random.Random(f"{self._state.plan.seed}/{number}/{call}/{count}")  # noqa: S311 -- repeatable
            if chance.random() >= window.probability:
                return False
            self._hits[number] += 1
            return True

    def _answer(self, app: "WSGIApplication", target: Target, environ: "WSGIEnvironment") -> Response:
        meeting = self._state.meeting_at(environ["PATH_INFO"]) if target is Target.GRAPH else ""
        self.calls.update([meeting] if meeting else [])
        fault = self.next_fault(target, environ["REQUEST_METHOD"], environ["PATH_INFO"], meeting)
        if fault is None:
            return self._call(app, environ, meeting)
        if fault.action is FaultAction.DELAY:
            sleep(latency_seconds(fault.latency, random.Random()))  # noqa: S311 -- no secret
        if fault.first and meeting:
            self._state.do(meeting, fault.first)
        answer = self._effect(app, environ, meeting, fault)
        if fault.then and meeting:
            self._state.do(meeting, fault.then)
        if fault.action is FaultAction.KILL:
            self._kill()
        if answer is None:
            raise hang_up(environ)
        if fault.action is FaultAction.DRIP:
            answer.response = _dripping(answer.get_data(), fault)
        return answer

    def _effect(
        self, app: "WSGIApplication", environ: "WSGIEnvironment", meeting: str, fault: PlannedFault
    ) -> Response | None:
        """Let the call take effect or not; return the answer, None if there is none."""
        match fault.action:
            case FaultAction.DELAY | FaultAction.DRIP | FaultAction.PASS:
                return self._call(app, environ, meeting, checks_etag=fault.first is not None)
            case FaultAction.IGNORE:
                return self._ignore(app, environ, meeting)
        if fault.effect is FaultEffect.AFTER:
            self._call(app, environ, meeting)
        if fault.action is FaultAction.ANSWER:
            return Response(fault.body, status=fault.status, headers=dict(fault.headers))
        return None

    def _ignore(self, app: "WSGIApplication", environ: "WSGIEnvironment", meeting: str) -> Response:
        """Answer a PATCH with the event as it is."""
        environ.pop("HTTP_IF_MATCH", None)
        answer = _run(app, {**environ, "REQUEST_METHOD": "GET"})
        is_online = self._state.is_online(meeting)
        self._record(meeting, answer.status_code, was_online=is_online, is_online=is_online)
        return answer

    def _call(
        self, app: "WSGIApplication", environ: "WSGIEnvironment", meeting: str, *, checks_etag: bool = False
    ) -> Response:
        if not meeting or environ["REQUEST_METHOD"] != "PATCH":
            return _run(app, environ)
        if not (checks_etag or self._state.plan.honors_if_match):
            environ.pop("HTTP_IF_MATCH", None)
        with self._state.graph.lock:  # nobody else changes the event meanwhile
            was_online = self._state.is_online(meeting)
            answer = _run(app, environ)
            is_online = self._state.is_online(meeting)
            self._record(meeting, answer.status_code, was_online=was_online, is_online=is_online)
        return answer

    def _record(self, meeting: str, status: int, *, was_online: bool, is_online: bool) -> None:
        at = self._state.clock.now()
        self._state.entries.append(
            WriteSent(
                at=at,
                host=self._host,
                meeting=meeting,
                status=status,
                was_online=was_online,
                is_online=is_online,
            )
        )


def _run(app: "WSGIApplication", environ: "WSGIEnvironment") -> Response:
    chunks, status, headers = run_wsgi_app(app, environ, buffered=True)
    return Response(list(chunks), status=status, headers=headers)


def _dripping(body: bytes, fault: PlannedFault) -> Iterator[bytes]:
    chance = random.Random(len(body))  # noqa: S311 -- no secret
    for place in range(0, len(body), _PIECE):
        sleep(latency_seconds(fault.latency, chance))
        yield body[place : place + _PIECE]
