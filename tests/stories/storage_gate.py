"""A gate before a storage service, at which a request can be lost, or its answer."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from werkzeug.exceptions import BadGateway, ServiceUnavailable
from werkzeug.middleware.http_proxy import ProxyMiddleware
from werkzeug.test import run_wsgi_app

from sandbox.azurite import ACCOUNT
from sandbox.serve import serve

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Of the requests with `method` (a regular expression) and `path` in their path, so many are answered 503.

    With `is_heard` they were carried out all the same. The first `passes` of them are left alone.
    """

    method: str = ".*"
    path: str = ""
    passes: int = 0
    count: int = 1
    is_heard: bool = False


@dataclass(slots=True)
class StorageGate:
    """What is lost at the gate, and every request that came to it, as `METHOD path`."""

    seen: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _loss: Loss | None = None
    _met: int = 0

    def lose(self, loss: Loss) -> None:
        """Lose this from now on, and nothing else."""
        with self._lock:
            self._loss, self._met = loss, 0

    def over(self, app: "WSGIApplication") -> "WSGIApplication":
        """Return an app as it is reached through the gate."""

        def gated(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            loss = self._strike(environ["REQUEST_METHOD"], environ["PATH_INFO"])
            if loss is None:
                return app(environ, start_response)
            if loss.is_heard:
                run_wsgi_app(app, environ, buffered=True)
            return ServiceUnavailable()(environ, start_response)

        return gated

    def _strike(self, method: str, path: str) -> Loss | None:
        with self._lock:
            self.seen.append(f"{method} {path}")
            loss = self._loss
            if loss is None or not re.fullmatch(loss.method, method) or loss.path not in path:
                return None
            self._met += 1
            return loss if loss.passes < self._met <= loss.passes + loss.count else None


@contextmanager
def tables_behind_gate(connection_string: str) -> Iterator[tuple[StorageGate, str]]:
    """Lead the table service of a connection string through a gate; yield it and the new connection string."""
    found = re.search(r"TableEndpoint=(http://[^/]+)/", connection_string)
    assert found is not None
    gate = StorageGate()
    storage = ProxyMiddleware(BadGateway(), {f"/{ACCOUNT}": {"target": found[1], "host": None}})
    with serve(gate.over(storage)) as url:
        yield gate, connection_string.replace(found[0], f"TableEndpoint={url}/")
