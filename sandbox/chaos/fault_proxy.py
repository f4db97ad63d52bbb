"""The proxy between one host and all services that it calls; here faults happen.

The proxy is in front of the stand-in Graph and of Azurite. They handle and record a call that takes effect,
even if the proxy then changes the answer.
"""

import io
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from threading import Lock
from time import sleep
from typing import TYPE_CHECKING

from werkzeug import Response
from werkzeug.test import run_wsgi_app

from sandbox.chaos.plan import FaultAction, FaultEffect, FaultWindow, PlannedFault, Target
from sandbox.chaos.record import FaultHit, WriteSent
from sandbox.chaos.state import ChaosState
from sandbox.serve import hang_up

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ROW_KEY = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


class FaultProxy:
    """The proxy of the host with this number; `kill` kills the host's process."""

    def __init__(self, host: int, state: ChaosState, kill: Callable[[], None]) -> None:
        self._host = host
        self._state = state
        self._kill = kill
        self._lock = Lock()
        self._calls: Counter[tuple[int, str]] = Counter()
        self._hits: Counter[int] = Counter()

    def wrap(self, app: "WSGIApplication", target: Target) -> "WSGIApplication":
        """Return an app with faults in front of it."""

        def with_faults(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            is_token = target is Target.GRAPH and environ["PATH_INFO"].startswith("/msi/")
            answer = self._answer(app, Target.TOKEN if is_token else target, environ)
            return answer(environ, start_response)

        return with_faults

    def next_fault(self, target: Target, method: str, path: str, meeting: str = "") -> PlannedFault | None:
        """Return the fault that hits this call, if any, and record it."""
        now = self._state.seconds()
        for number, window in enumerate(self._state.plan.fault_windows):
            fault = window.fault
            if (
                window.start <= now < window.start + window.duration
                and fault.target is target
                and re.search(fault.path, path)
                and (fault.method == "*" or re.fullmatch(fault.method, method))
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
            self._calls[number, call] += 1
            seed = f"{self._state.plan.seed}/{number}/{call}/{self._calls[number, call]}"
            if window.limit is not None and self._hits[number] >= window.limit:
                return False
            if random.Random(seed).random() >= window.probability:  # noqa: S311 -- repeatable chance
                return False
            self._hits[number] += 1
            return True

    def _answer(self, app: "WSGIApplication", target: Target, environ: "WSGIEnvironment") -> Response:
        meeting = self._meeting(target, environ)
        fault = self.next_fault(target, environ["REQUEST_METHOD"], environ["PATH_INFO"], meeting)
        if fault is None:
            return self._call(app, target, environ, meeting)
        sleep(fault.delay_ms / 1000)
        if fault.effect is FaultEffect.AFTER or fault.action is FaultAction.DELAY:
            answer = self._call(app, target, environ, meeting)
        if fault.then and meeting:
            self._state.do(meeting, fault.then)
        if fault.action is FaultAction.DELAY:
            return answer
        if fault.action is FaultAction.ANSWER:
            return Response(fault.body, status=fault.status, headers=dict(fault.headers))
        if fault.action is FaultAction.KILL:
            self._kill()
        raise hang_up(environ)

    def _call(
        self, app: "WSGIApplication", target: Target, environ: "WSGIEnvironment", meeting: str
    ) -> Response:
        is_write = target is Target.GRAPH and bool(meeting) and environ["REQUEST_METHOD"] == "PATCH"
        if is_write and not self._state.plan.honors_if_match:
            environ.pop("HTTP_IF_MATCH", None)
        chunks, status, headers = run_wsgi_app(app, environ, buffered=True)
        answer = Response(list(chunks), status=status, headers=headers)
        if is_write:
            at = self._state.clock.now()
            self._state.entries.append(
                WriteSent(at=at, host=self._host, meeting=meeting, status=answer.status_code)
            )
        return answer

    def _meeting(self, target: Target, environ: "WSGIEnvironment") -> str:
        """Return the meeting of a call, by the event's id in the path or its hash in a table row."""
        path = environ["PATH_INFO"]
        if target is Target.GRAPH:
            return self._state.meeting_at(path)
        if target is not Target.TABLE or "/meetings" not in path:
            return ""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        row_key = _ROW_KEY.search(path + body.decode(errors="replace"))
        return self._state.meetings.get(row_key[0], "") if row_key else ""
