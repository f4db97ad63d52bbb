"""Serve a WSGI app on this machine, on a free port, from a thread of its own."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_BACKLOG = 128


@contextmanager
def serve(app: "WSGIApplication", *, port: int = 0, backlog: int = _BACKLOG) -> Iterator[str]:
    """Serve `app` while the context lasts; yield its base URL, without a slash at the end.

    `port` 0 takes a free one; `backlog` is how many connections may wait to be accepted. On leaving,
    connections are closed and requests under way are waited for.
    """
    server = _Server(app, port, backlog)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="sandbox-server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


class InProcess(httpx.WSGITransport):
    """An httpx transport that calls a WSGI app without a network; a dropped connection looks like one."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Hand a request to the app.

        Raises:
            httpx.RemoteProtocolError: the app dropped the connection.
        """
        try:
            response = super().handle_request(request)
            response.read()  # here, since the body may break off, too
        except ConnectionError as error:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.") from error
        return response


class _Handler(WSGIRequestHandler):
    """Silent, and without the delay that small packets otherwise meet on a kept-alive connection."""

    disable_nagle_algorithm = True

    def send_response(self, code: int, message: str | None = None) -> None:
        """Send the status line alone: the app tells the date, by its own clock."""
        self.send_response_only(code, message)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 -- werkzeug's name
        """Say nothing."""


class _Server(ThreadedWSGIServer):
    """A server that knows its open connections, so that it can end them."""

    daemon_threads = False

    def __init__(self, app: "WSGIApplication", port: int, backlog: int) -> None:
        self.request_queue_size = backlog
        self._open: set[socket.socket] = set()
        super().__init__("127.0.0.1", port, app, handler=_Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stop reading from every connection, so that their threads end; a request under way is answered.

        Werkzeug calls this as its serving ends; it waits for the threads.
        """
        for connection in list(self._open):
            with suppress(OSError):  # closed by its own thread meanwhile
                connection.shutdown(socket.SHUT_RD)
        super().server_close()
