"""HTTP servers with faults: each has a list of answers."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

GOOD = '{"@odata.context": "c", "id": "e"}'
_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
Answer = Callable[[socket.socket], None]


def answer(status: int = 200, body: str = GOOD, headers: str = "") -> Answer:
    """Return a function that sends a complete answer."""
    text = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n{body}"
    return lambda connection: connection.sendall(text.encode())


def send_slowly(text: bytes) -> Answer:
    """Return a function that sends single bytes and never ends."""

    def trickle(connection: socket.socket) -> None:
        with suppress(OSError):
            for byte in text + b"x" * 1000:
                connection.sendall(bytes([byte]))
                # The socket's own timeout cuts the client off, so the bytes need real time.
                time.sleep(0.02)

    return trickle


def send(text: bytes) -> Answer:
    """Return a function that sends this answer as it is, and closes."""

    def send_and_close(connection: socket.socket) -> None:
        connection.sendall(text)
        hang_up(connection)

    return send_and_close


def hang_up(connection: socket.socket) -> None:
    """Close without an answer."""
    connection.shutdown(socket.SHUT_RDWR)


def cut_off(connection: socket.socket) -> None:
    """Close in the middle of the body."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
    hang_up(connection)


def say_nothing(_connection: socket.socket) -> None:
    """Keep the connection open."""


def _receive_request(connection: socket.socket) -> bool:
    """Receive a request with its body; return whether there was one."""
    received = b""
    while b"\r\n\r\n" not in received:
        if not (more := connection.recv(65536)):
            return False
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    left = int(length[1]) - len(body) if length else 0
    while left > 0 and (more := connection.recv(left)):
        left -= len(more)
    return True


@contextmanager
def server(*answers: Answer) -> Iterator[str]:
    """Give one answer after the other, one for each connection; the last one repeats."""
    left, ending = list(answers), Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while _receive_request(connection):
                (left.pop(0) if len(left) > 1 else left[0])(connection)

    def accept() -> None:
        while True:
            connection, _ = listening.accept()
            if ending.is_set():
                connection.close()
                return
            Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            ending.set()
            socket.create_connection(
                listening.getsockname()
            ).close()  # closing does not wake a thread that accepts
            accepting.join()


@contextmanager
def refused_port() -> Iterator[int]:
    """A port that refuses connections, and that no other process can take meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
