"""HTTP triggers as a WSGI app: routes, methods, function keys."""

import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import azure.functions as func
from werkzeug import Request, Response

from sandbox.host.bindings import Function, HttpTrigger

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_PLACEHOLDER = re.compile(r"\\\{(\w+)\\\}")

Call = Callable[[Function, func.HttpRequest], func.HttpResponse]


class HttpFunctions:
    """The WSGI app over an app's HTTP functions.

    As in the real host, a path or method without a function gets a 404, a missing or wrong key a 401, and an
    exception a 500 without a body.
    """

    def __init__(self, functions: Sequence[Function], *, prefix: str, key: str, call: Call) -> None:
        self._key = key
        self._call = call
        self._routes = [
            (_pattern(prefix, function.trigger.route), function, function.trigger)
            for function in functions
            if isinstance(function.trigger, HttpTrigger)
        ]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        for pattern, function, trigger in self._routes:
            match = pattern.fullmatch(request.path)
            if match is None or (trigger.methods and request.method not in trigger.methods):
                continue
            if trigger.needs_key and not self._has_key(request):
                return Response(status=401)
            return self._run(function, request, match.groupdict())
        return Response(status=404)

    def _has_key(self, request: Request) -> bool:
        key = request.headers.get("x-functions-key") or request.args.get("code", "")
        return hmac.compare_digest(key.encode(), self._key.encode())

    def _run(self, function: Function, request: Request, route_params: dict[str, str]) -> Response:
        asked = func.HttpRequest(
            request.method,
            request.url,
            headers=dict(request.headers),
            params=request.args.to_dict(),
            route_params=route_params,
            body=request.get_data(),
        )
        try:
            answer = self._call(function, asked)
        except Exception:  # noqa: BLE001 -- already logged and recorded
            return Response(status=500)
        return _response(answer)


def _response(answer: func.HttpResponse) -> Response:
    response = Response(answer.get_body(), status=answer.status_code)
    response.headers.clear()
    response.headers.extend(answer.headers)
    if "content-type" not in response.headers:
        is_text = answer.mimetype.startswith("text/")
        response.headers["Content-Type"] = (
            f"{answer.mimetype}; charset={answer.charset}" if is_text else answer.mimetype
        )
    return response


def _pattern(prefix: str, route: str) -> re.Pattern[str]:
    path = "".join(f"/{part}" for part in (prefix, route.strip("/")) if part)
    return re.compile(_PLACEHOLDER.sub(r"(?P<\1>[^/]+)", re.escape(path)), re.IGNORECASE)
