"""What applies to every call to Graph: tokens, throttling, faults, common headers, the record."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import unquote_plus
from uuid import uuid4

from werkzeug import Request, Response
from werkzeug.http import http_date

from sandbox.graph.call import GraphAnswer, IncomingCall
from sandbox.graph.errors import Refusal
from sandbox.graph.faults import USUAL_CODES, Drop, Fault, Faults, altered, delivered
from sandbox.graph.identity import Identity
from sandbox.graph.limits import ThrottlingLimits
from sandbox.graph.permissions import ACCESS_DENIED, check_delegated
from sandbox.graph.recorder import Exchange, Recorder, as_json, masked, masked_headers
from sandbox.graph.routes import MatchedRoute, Router
from sandbox.graph.tenant import GraphTenant
from sandbox.graph.user import DirectoryUser
from sandbox.serve import hang_up

#: Concurrent requests that Outlook serves per app and mailbox
#: (https://learn.microsoft.com/graph/throttling-limits).
MAILBOX_CONCURRENCY = 4
_JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_DIAGNOSTIC = (
    '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"1","ScaleUnit":"001","RoleInstance":"0"}}'
)
_USERS, _EVENTS, _ME = "users", "events", "me"
_UNKNOWN = "unknown"


@dataclass(slots=True)
class _CallState:
    """A call in progress; `user` is the person whose client sends it, None for the app."""

    user: DirectoryUser | None
    mailbox: str
    event: str
    fault: Fault | None
    started: datetime
    began: float
    route: MatchedRoute | None
    #: whether it changed an event or a subscription
    took_effect: bool = False


class Gateway:
    """Answers the requests below `/v1.0`. Faults and limits do not apply to people's own clients."""

    def __init__(
        self,
        tenant: GraphTenant,
        *,
        router: Router,
        identity: Identity,
        faults: Faults,
        limits: ThrottlingLimits,
        recorder: Recorder,
        sleep: Callable[[float], None],
    ) -> None:
        self._tenant = tenant
        self._router = router
        self._identity = identity
        self._faults = faults
        self._limits = limits
        self._recorder = recorder
        self._sleep = sleep
        self._concurrent: Counter[str] = Counter()

    def answer(self, request: Request) -> Response:
        """Answer a request and record it.

        Raises:
            ConnectionAbortedError: a fault drops the connection; the server must close it without an answer.
        """
        state = self._start_call(request)
        drop = state.fault.drop if state.fault else None
        with self._mailbox_slot(state) as has_slot:
            if state.fault and state.fault.delay:
                self._sleep(state.fault.delay.total_seconds())
            if state.fault and state.fault.meanwhile:
                state.fault.meanwhile()
            response = None if drop is Drop.BEFORE else self._respond(request, state, has_slot=has_slot)
        if self._recorder.keeps:
            self._record(request, response, state)
        if response is None or drop is Drop.AFTER:
            raise hang_up(request.environ)
        if state.fault:
            return delivered(
                response, state.fault, sleep=self._sleep, hang_up=lambda: hang_up(request.environ)
            )
        return response

    def _start_call(self, request: Request) -> _CallState:
        user = self._identity.user_of(request.headers.get("Authorization", ""))
        mailbox, event = self._ids_in(request.path, user)
        fault = None if user else self._next_fault(request)
        route = self._route(request, user)
        if not user:
            with self._tenant.lock:
                self._recorder.counted[request.method, route.route.pattern if route else _UNKNOWN] += 1
        return _CallState(user, mailbox, event, fault, self._tenant.now(), time.monotonic(), route)

    def _next_fault(self, request: Request) -> Fault | None:
        return self._faults.next_fault(
            request.method, request.path, unquote_plus(request.query_string.decode(errors="replace"))
        )

    def _route(self, request: Request, user: DirectoryUser | None) -> MatchedRoute | None:
        """Return the call's route, None if there is none."""
        with suppress(Refusal):
            return self._find(request, user)
        return None

    def _find(self, request: Request, user: DirectoryUser | None) -> MatchedRoute:
        _, version, *rest = request.path.split("/")
        if version.lower() != "v1.0":
            raise Refusal(400, "BadRequest", "Invalid version.")
        found = self._router.find(request.method, "/" + "/".join(_without_me(rest, user)))
        return found._replace(path="/" + "/".join(rest))

    def _ids_in(self, path: str, user: DirectoryUser | None) -> tuple[str, str]:
        """Return the user's object id and the event id in a path, "" for each that is absent."""
        _, _, *segments = path.split("/")
        with suppress(Refusal):
            segments = _without_me(segments, user)
        literals = [segment.lower() for segment in segments]
        if len(segments) < 2 or literals[0] != _USERS:  # noqa: PLR2004 -- /users and an id
            return "", ""
        owner = self._tenant.directory.find(segments[1])
        place = literals.index(_EVENTS) + 1 if _EVENTS in literals else len(segments)
        return owner.id if owner else segments[1], segments[place] if place < len(segments) else ""

    @contextmanager
    def _mailbox_slot(self, state: _CallState) -> Iterator[bool]:
        """Count the concurrent calls to a mailbox; yield whether the limit allows this one."""
        if not state.mailbox or state.user:
            yield True
            return
        with self._tenant.lock:
            self._concurrent[state.mailbox] += 1
            has_slot = self._concurrent[state.mailbox] <= MAILBOX_CONCURRENCY
        try:
            yield has_slot
        finally:
            with self._tenant.lock:
                self._concurrent[state.mailbox] -= 1
                if not self._concurrent[state.mailbox]:
                    del self._concurrent[state.mailbox]

    def _respond(self, request: Request, state: _CallState, *, has_slot: bool) -> Response:
        request_id = str(uuid4())
        client_request_id = request.headers.get("client-request-id", request_id)
        try:
            self._check(request, state, has_slot=has_slot)
            answer = self._dispatch(request, state)
            if state.fault and state.fault.status:
                raise _failing(state.fault, state.fault.status)
        except Refusal as refusal:
            body = refusal.body(
                now=self._tenant.now(), request_id=request_id, client_request_id=client_request_id
            )
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
                "Date": http_date(self._tenant.now()),
            }
        )
        return altered(response, state.fault) if state.fault else response

    def _check(self, request: Request, state: _CallState, *, has_slot: bool) -> None:
        """Refuse a call because of a fault, its token or a limit."""
        if state.fault and state.fault.status and not state.fault.is_done:
            raise _failing(state.fault, state.fault.status)
        self._identity.check(request.headers.get("Authorization", ""), request.host)
        if not state.user:
            self._limits.check(request.method, request.path, request.args, state.mailbox)
        if state.user and state.mailbox not in {"", state.user.id}:
            raise Refusal(403, "ErrorAccessDenied", ACCESS_DENIED)
        if not has_slot:
            raise Refusal(
                429,
                "ApplicationThrottled",
                "Application is over its MailboxConcurrency limit.",
                {"Retry-After": "1"},
            )

    def _dispatch(self, request: Request, state: _CallState) -> GraphAnswer:
        found = state.route or self._find(request, state.user)
        if state.user:
            scopes = self._identity.scopes_of(request.headers.get("Authorization", ""))
            check_delegated(found.route.needs, scopes)
        else:
            self._tenant.permissions.check(found.route.needs, state.mailbox)
        call = IncomingCall.read(request, found.path, found.args, is_own=state.user is not None)
        if state.fault and state.fault.is_ignored:
            return self._ignore(request, call)
        with self._tenant.lock if found.route.locked else nullcontext():
            answer = found.route.handler(call)
        state.took_effect = request.method != "GET"
        if state.fault and state.fault.empty and answer.body and "value" in answer.body:
            answer = replace(answer, body={"@odata.context": answer.body["@odata.context"], "value": []})
        if call.prefer.applied:
            return replace(answer, headers={**answer.headers, "Preference-Applied": call.applied})
        return answer

    def _ignore(self, request: Request, call: IncomingCall) -> GraphAnswer:
        """Answer a PATCH or DELETE as if it had taken effect.

        Raises:
            Refusal: the object does not exist.
        """
        if request.method == "DELETE":
            return GraphAnswer(204)
        with self._tenant.lock:
            return self._router.find("GET", call.path).route.handler(call)

    def _record(self, request: Request, response: Response | None, state: _CallState) -> None:
        exchange = Exchange(
            by="user" if state.user else "app",
            method=request.method,
            path=request.path,
            url=masked(request.url),
            request_headers=masked_headers(dict(request.headers)),
            request_body=masked(request.get_data(as_text=True)),
            status=response.status_code if response else 0,
            response_headers=dict(response.headers) if response else {},
            response_body=masked(response.get_data().decode(errors="replace")) if response else "",
            mailbox=state.mailbox,
            event=state.event,
            lost=bool(state.fault and state.fault.drop),
            took_effect=state.took_effect,
            started=state.started,
            took_seconds=time.monotonic() - state.began,
        )
        with self._tenant.lock:
            self._recorder.exchanges.append(exchange)


def _without_me(segments: list[str], user: DirectoryUser | None) -> list[str]:
    """Return a path's segments with `users/{id}` in place of `me`, which is the person whose token is sent.

    Raises:
        Refusal: 400, it is the app's token: https://github.com/microsoftgraph/msgraph-sdk-php/issues/1163
    """
    if not segments or segments[0].lower() != _ME:
        return segments
    if user is None:
        raise Refusal(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
    return [_USERS, user.id, *segments[1:]]


def _failing(fault: Fault, status: int) -> Refusal:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return Refusal(status, fault.code or USUAL_CODES.get(status, "UnknownError"), fault.message, headers)
