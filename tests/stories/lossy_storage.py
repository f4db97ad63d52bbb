"""A proxy for the table service that can lose requests, or their answers."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from werkzeug.exceptions import BadGateway, ServiceUnavailable
from werkzeug.middleware.http_proxy import ProxyMiddleware
from werkzeug.test import run_wsgi_app

from sandbox.serve import serve

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Which requests get a 503: `count` of those that match `method` (a regular expression) and contain `path`.

    With `is_done` they are carried out nevertheless. The first `passes` matching requests are not affected.
    """

    method: str = ".*"
    path: str = ""
    passes: int = 0
    count: int = 1
    is_done: bool = False


@dataclass(slots=True)
class LossyStorage:
    """A WSGI middleware that loses requests; `seen` has every request, as `METHOD path`."""

    seen: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _loss: Loss | None = None
    _matches: int = 0

    def lose(self, loss: Loss) -> None:
        """Replace the current loss with this one."""
        with self._lock:
            self._loss, self._matches = loss, 0

    def over(self, app: "WSGIApplication") -> "WSGIApplication":
        """Return an app with this middleware before it."""

        def lossy(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            loss = self._match(environ["REQUEST_METHOD"], environ["PATH_INFO"])
            if loss is None:
                return app(environ, start_response)
            if loss.is_done:
                run_wsgi_app(app, environ, buffered=True)
            return ServiceUnavailable()(environ, start_response)

        return lossy

    def _match(self, method: str, path: str) -> Loss | None:
        with self._lock:
            self.seen.append(f"{method} {path}")
            loss = self._loss
            if loss is None or not re.fullmatch(loss.method, method) or loss.path not in path:
                return None
            self._matches += 1
            return loss if loss.passes < self._matches <= loss.passes + loss.count else None


@contextmanager
def lossy_tables(connection_string: str) -> Iterator[tuple[LossyStorage, str]]:
    """Put a lossy proxy before the table service; yield it and the connection string that leads to it."""
    found = re.search(r"TableEndpoint=(http://[^/]+)(/\w+)", connection_string)
    assert found is not None
    lossy = LossyStorage()
    storage = ProxyMiddleware(BadGateway(), {found[2]: {"target": found[1], "host": None}})
    with serve(lossy.over(storage)) as url:
        yield lossy, connection_string.replace(found[0], f"TableEndpoint={url}{found[2]}")
