"""A gate between one host and all that it calls: here the plan's faults strike.

The gate stands in front of the stand-in Graph and of Azurite, so each of them does and records what it does
anyway; what the host hears of it is the gate's choice.
"""

import io
import random
import re
import socket
from collections import Counter
from collections.abc import Callable, Iterable
from threading import Lock
from time import sleep
from typing import TYPE_CHECKING

from werkzeug import Response
from werkzeug.test import run_wsgi_app

from sandbox.chaos.plan import FaultEffect, How, Outbreak, Target
from sandbox.chaos.record import Strike, Write
from sandbox.chaos.scene import ChaosScene

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_EVENT = re.compile(r"/events/([^/]+)$")
_ROW = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


class Gate:
    """The gate of the host with this number; `kill` kills the host's process."""

    def __init__(self, host: int, scene: ChaosScene, kill: Callable[[], None]) -> None:
        self._host = host
        self._scene = scene
        self._kill = kill
        self._lock = Lock()
        self._seen: Counter[tuple[int, str]] = Counter()
        self._struck: Counter[int] = Counter()

    def over(self, app: "WSGIApplication", target: Target) -> "WSGIApplication":
        """Return an app as the host reaches it."""

        def gated(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            is_token = target is Target.GRAPH and environ["PATH_INFO"].startswith("/msi/")
            return self._pass(app, Target.TOKEN if is_token else target, environ, start_response)

        return gated

    def strike(self, target: Target, method: str, path: str, meeting: str = "") -> Outbreak | None:
        """Return what strikes this call, and note it."""
        now = self._scene.seconds()
        for number, outbreak in enumerate(self._scene.plan.outbreaks):
            fault = outbreak.fault
            if not outbreak.begins <= now < outbreak.begins + outbreak.lasts:
                continue
            if fault.target is not target or not re.search(fault.path, path):
                continue
            if fault.method != "*" and not re.fullmatch(fault.method, method):
                continue
            if self._hits(number, outbreak, f"{method} {path}"):
                at = self._scene.clock.now()
                call = f"{target} {method} {path}"
                self._scene.chronicle.add(
                    Strike(at=at, host=self._host, kind=fault.kind, call=call, meeting=meeting)
                )
                return outbreak
        return None

    def _hits(self, number: int, outbreak: Outbreak, call: str) -> bool:
        """Draw by the call and how often it was made, so that threads in another order meet the same fate."""
        with self._lock:
            self._seen[number, call] += 1
            fate = f"{self._scene.plan.seed}/{number}/{call}/{self._seen[number, call]}"
            if outbreak.most is not None and self._struck[number] >= outbreak.most:
                return False
            if random.Random(fate).random() >= outbreak.share:  # noqa: S311 -- repeatable chance
                return False
            self._struck[number] += 1
            return True

    def _pass(
        self,
        app: "WSGIApplication",
        target: Target,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
    ) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        meeting = self._meeting(target, environ)
        outbreak = self.strike(target, method, path, meeting)
        if outbreak is None:
            return self._carry_out(app, target, environ)(environ, start_response)
        fault = outbreak.fault
        if fault.delay_ms:
            sleep(fault.delay_ms / 1000)
        answer = None
        if fault.effect is FaultEffect.AFTER or fault.how is How.DELAY:
            answer = self._carry_out(app, target, environ)
        if fault.then and meeting:
            self._scene.do(meeting, fault.then)
        match fault.how:
            case How.KILL:
                self._kill()
                _hang_up(environ)
            case How.DROP:
                _hang_up(environ)
            case How.ANSWER:
                answer = Response(fault.body, status=fault.status, headers=dict(fault.headers))
        assert answer is not None
        return answer(environ, start_response)

    def _carry_out(self, app: "WSGIApplication", target: Target, environ: "WSGIEnvironment") -> Response:
        meeting = self._scene.meeting_of(environ["PATH_INFO"]) if target is Target.GRAPH else ""
        is_write = bool(meeting) and environ["REQUEST_METHOD"] == "PATCH"
        if is_write and not self._scene.plan.honors_if_match:
            environ.pop("HTTP_IF_MATCH", None)
        chunks, status, headers = run_wsgi_app(app, environ, buffered=True)
        answer = Response(list(chunks), status=status, headers=headers)
        if is_write:
            self._scene.chronicle.add(
                Write(at=self._scene.clock.now(), host=self._host, meeting=meeting, status=answer.status_code)
            )
        return answer

    def _meeting(self, target: Target, environ: "WSGIEnvironment") -> str:
        """Return the meeting that a call is about, by its id or by the hash of it."""
        if target is Target.GRAPH:
            return self._scene.meeting_of(environ["PATH_INFO"])
        if target is not Target.TABLE or "/meetings" not in environ["PATH_INFO"]:
            return ""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        row = _ROW.search(environ["PATH_INFO"] + body.decode(errors="replace"))
        return self._scene.meeting_of_row(row[0]) if row else ""


def _hang_up(environ: "WSGIEnvironment") -> None:
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("dropped by a fault")
