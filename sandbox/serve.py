"""Serves a WSGI app on this machine from a separate thread."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_BACKLOG = 128
#: A connection can be gone before it is accepted; without a timeout the server would wait for the next one.
_ACCEPT_SECONDS = 1


@contextmanager
def serve(app: "WSGIApplication", *, port: int = 0, backlog: int = _BACKLOG) -> Iterator[str]:
    """Serve `app` until the block ends; yield its base URL, without a slash at the end.

    `port` 0 takes a free port; `backlog` is how many connections may wait to be accepted. At the end,
    requests in progress are finished and all connections closed.
    """
    server = _Server(app, port, backlog)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="sandbox-server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def hang_up(environ: "WSGIEnvironment") -> ConnectionAbortedError:
    """Close the connection of a request without an answer; return the error to raise then."""
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return ConnectionAbortedError("dropped by a fault")


class InProcess(httpx.WSGITransport):
    """An httpx transport that calls a WSGI app without a network."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request to the app.

        Raises:
            httpx.RemoteProtocolError: the app dropped the connection.
        """
        try:
            response = super().handle_request(request)
            response.read()  # here, because the body may break off too
        except ConnectionError as error:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.") from error
        return response


class _Handler(WSGIRequestHandler):
    """Logs nothing, and sends small packets on a kept-alive connection without delay."""

    disable_nagle_algorithm = True

    def send_response(self, code: int, message: str | None = None) -> None:
        """Send only the status line: the app sets the date from its own clock."""
        self.send_response_only(code, message)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 -- werkzeug's name
        """Do nothing."""


class _Server(ThreadedWSGIServer):
    """A server that can close its open connections."""

    daemon_threads = False

    def __init__(self, app: "WSGIApplication", port: int, backlog: int) -> None:
        self.request_queue_size = backlog
        self._open: set[socket.socket] = set()
        super().__init__("127.0.0.1", port, app, handler=_Handler)
        self.socket.settimeout(_ACCEPT_SECONDS)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stop reading from every connection so that its thread ends; requests in progress are answered.

        Werkzeug calls this when serving ends, and waits for the threads.
        """
        for connection in list(self._open):
            with suppress(OSError):  # its thread has closed it
                connection.shutdown(socket.SHUT_RD)
        super().server_close()
