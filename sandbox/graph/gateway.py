"""What every call to Graph passes on its way in and out: tokens, limits, faults, headers, the record."""

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from threading import RLock
from typing import NoReturn
from urllib.parse import unquote_plus
from uuid import uuid4

from werkzeug import Request, Response
from werkzeug.http import http_date

from sandbox.graph.call import GraphAnswer, IncomingCall
from sandbox.graph.damage import altered, delivered
from sandbox.graph.directory import TenantDirectory
from sandbox.graph.errors import Refusal
from sandbox.graph.faults import USUAL_CODES, Drop, Fault, Faults
from sandbox.graph.identity import Identity
from sandbox.graph.limits import ThrottlingLimits
from sandbox.graph.permissions import Permissions
from sandbox.graph.recorder import Exchange, Recorder, as_json, masked, masked_headers
from sandbox.graph.routes import MatchedRoute, Router
from sandbox.graph.user import DirectoryUser

#: Requests at a time that Outlook serves per app and mailbox
#: (https://learn.microsoft.com/graph/throttling-limits).
MAILBOX_CONCURRENCY = 4
_JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_DIAGNOSTIC = (
    '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"1","ScaleUnit":"001","RoleInstance":"0"}}'
)
_USERS, _EVENTS = "users", "events"
_UNKNOWN = "unknown"


@dataclass(slots=True)
class _Visit:
    """A call under way: whose own client makes it (None: the app), what it names, what befalls it."""

    user: DirectoryUser | None
    mailbox: str
    event: str
    fault: Fault | None
    started: datetime
    began: float
    route: MatchedRoute | None
    #: whether it has changed an event or a subscription
    took_effect: bool = False


class Gateway:
    """Answers the requests below `/v1.0`. People's own clients meet neither faults nor limits."""

    def __init__(
        self,
        *,
        router: Router,
        identity: Identity,
        directory: TenantDirectory,
        faults: Faults,
        permissions: Permissions,
        limits: ThrottlingLimits,
        recorder: Recorder,
        lock: RLock,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._router = router
        self._identity = identity
        self._directory = directory
        self._faults = faults
        self._permissions = permissions
        self._limits = limits
        self._recorder = recorder
        self._lock = lock
        self._now = now
        self._sleep = sleep
        self._under_way: Counter[str] = Counter()

    def answer(self, request: Request) -> Response:
        """Answer a request and record it.

        Raises:
            ConnectionAbortedError: a fault drops the connection; the server is to close it without an answer.
        """
        visit = self._visit(request)
        drop = visit.fault.drop if visit.fault else None
        with self._place_in(visit) as has_place:
            if visit.fault and visit.fault.delay:
                self._sleep(visit.fault.delay.total_seconds())
            if visit.fault and visit.fault.meanwhile:
                visit.fault.meanwhile()
            response = None if drop is Drop.BEFORE else self._respond(request, visit, has_place=has_place)
        if self._recorder.keeps:
            self._record(request, response, visit)
        if response is None or drop is Drop.AFTER:
            _hang_up(request)
        if visit.fault:
            return delivered(response, visit.fault, sleep=self._sleep, hang_up=lambda: _hang_up(request))
        return response

    def _visit(self, request: Request) -> _Visit:
        user = self._identity.user_of(request.headers.get("Authorization", ""))
        mailbox, event = self._named(request.path)
        fault = None if user else self._strike(request)
        route = self._route(request)
        if not user:
            with self._lock:
                self._recorder.counted[request.method, route.route.pattern if route else _UNKNOWN] += 1
        return _Visit(user, mailbox, event, fault, self._now(), time.monotonic(), route)

    def _strike(self, request: Request) -> Fault | None:
        return self._faults.strike(
            request.method, request.path, unquote_plus(request.query_string.decode(errors="replace"))
        )

    def _route(self, request: Request) -> MatchedRoute | None:
        """Return the call's route, None where it leads nowhere."""
        with suppress(Refusal):
            return self._find(request)
        return None

    def _find(self, request: Request) -> MatchedRoute:
        _, version, *rest = request.path.split("/")
        if version.lower() != "v1.0":
            raise Refusal(400, "BadRequest", "Invalid version.")
        return self._router.find(request.method, "/" + "/".join(rest))

    def _named(self, path: str) -> tuple[str, str]:
        """Return the object id of the user and the event id that a path names, "" for each it does not."""
        _, _, *segments = path.split("/")
        literals = [segment.lower() for segment in segments]
        if len(segments) < 2 or literals[0] != _USERS:  # noqa: PLR2004 -- /users and an id
            return "", ""
        user = self._directory.find(segments[1])
        place = literals.index(_EVENTS) + 1 if _EVENTS in literals else len(segments)
        return user.id if user else segments[1], segments[place] if place < len(segments) else ""

    @contextmanager
    def _place_in(self, visit: _Visit) -> Iterator[bool]:
        """Count the call among those under way to its mailbox; yield whether there is a place for it."""
        if not visit.mailbox or visit.user:
            yield True
            return
        with self._lock:
            self._under_way[visit.mailbox] += 1
            has_place = self._under_way[visit.mailbox] <= MAILBOX_CONCURRENCY
        try:
            yield has_place
        finally:
            with self._lock:
                self._under_way[visit.mailbox] -= 1
                if not self._under_way[visit.mailbox]:
                    del self._under_way[visit.mailbox]

    def _respond(self, request: Request, visit: _Visit, *, has_place: bool) -> Response:
        request_id = str(uuid4())
        client_request_id = request.headers.get("client-request-id", request_id)
        try:
            self._check(request, visit, has_place=has_place)
            answer = self._dispatch(request, visit)
            if visit.fault and visit.fault.status:
                raise _failing(visit.fault, visit.fault.status)
        except Refusal as refusal:
            body = refusal.body(now=self._now(), request_id=request_id, client_request_id=client_request_id)
            answer = GraphAnswer(refusal.status, body, refusal.headers)
        response = Response(
            as_json(answer.body) if answer.body is not None else None,
            status=answer.status,
            headers=dict(answer.headers),
            content_type=_JSON if answer.body is not None else "text/plain",
        )
        response.headers.update(
            {
                "request-id": request_id,
                "client-request-id": client_request_id,
                "x-ms-ags-diagnostic": _DIAGNOSTIC,
                "Date": http_date(self._now()),
            }
        )
        return altered(response, visit.fault) if visit.fault else response

    def _check(self, request: Request, visit: _Visit, *, has_place: bool) -> None:
        """Refuse a call by fault, by token or by limit."""
        if visit.fault and visit.fault.status and not visit.fault.is_done:
            raise _failing(visit.fault, visit.fault.status)
        self._identity.check(request.headers.get("Authorization", ""), request.host)
        if not visit.user:
            self._limits.check(request.method, request.path, request.args, visit.mailbox)
        if visit.user and visit.mailbox not in {"", visit.user.id}:
            raise Refusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        if not has_place:
            raise Refusal(
                429,
                "ApplicationThrottled",
                "Application is over its MailboxConcurrency limit.",
                {"Retry-After": "1"},
            )

    def _dispatch(self, request: Request, visit: _Visit) -> GraphAnswer:
        found = visit.route or self._find(request)
        if not visit.user:
            self._permissions.check(found.route.needs, visit.mailbox)
        call = IncomingCall.read(request, found.path, found.args, is_own=visit.user is not None)
        if visit.fault and visit.fault.is_ignored:
            return self._ignore(request, call)
        with self._lock if found.route.locked else nullcontext():
            answer = found.route.handler(call)
        visit.took_effect = request.method != "GET"
        if visit.fault and visit.fault.empty and answer.body and "value" in answer.body:
            answer = replace(answer, body={"@odata.context": answer.body["@odata.context"], "value": []})
        if call.prefer.applied:
            return replace(answer, headers={**answer.headers, "Preference-Applied": call.applied})
        return answer

    def _ignore(self, request: Request, call: IncomingCall) -> GraphAnswer:
        """Answer a PATCH or DELETE as if it had been done; nothing has changed.

        Raises:
            Refusal: what it names is not there.
        """
        if request.method == "DELETE":
            return GraphAnswer(204)
        with self._lock:
            return self._router.find("GET", call.path).route.handler(call)

    def _record(self, request: Request, response: Response | None, visit: _Visit) -> None:
        exchange = Exchange(
            by="user" if visit.user else "app",
            method=request.method,
            path=request.path,
            url=masked(request.url),
            request_headers=masked_headers(dict(request.headers)),
            request_body=masked(request.get_data(as_text=True)),
            status=response.status_code if response else 0,
            response_headers=dict(response.headers) if response else {},
            response_body=masked(response.get_data().decode(errors="replace")) if response else "",
            mailbox=visit.mailbox,
            event=visit.event,
            lost=bool(visit.fault and visit.fault.drop),
            took_effect=visit.took_effect,
            started=visit.started,
            took_seconds=time.monotonic() - visit.began,
        )
        with self._lock:
            self._recorder.exchanges.append(exchange)


def _failing(fault: Fault, status: int) -> Refusal:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return Refusal(status, fault.code or USUAL_CODES.get(status, "UnknownError"), fault.message, headers)


def _hang_up(request: Request) -> NoReturn:
    """Close the connection under the server's hands: it would keep it open for the next request."""
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("dropped by a fault")
