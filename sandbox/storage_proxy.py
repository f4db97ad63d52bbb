"""A TCP proxy in front of a storage service that can be made slow, silent or busy."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto

_CHUNK = 65_536
_BUSY = b"HTTP/1.1 503 Server Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_DRIP_SECONDS = 0.1


class StorageFault(Enum):
    """What the proxy does with a request."""

    NONE = auto()
    #: the answer arrives after `seconds`
    SLOW = auto()
    #: there is no answer
    SILENT = auto()
    #: the answer arrives byte by byte and never ends
    DRIPPING = auto()
    #: the answer is 503, after `seconds`
    BUSY = auto()


class StorageProxy:
    """A proxy for one address; `fault` and `seconds` may change at any time.

    Attributes:
        connections: how many connections there were.
        delayed: how many answers were slow.
        most_at_once: how many of them waited at the same time, at most.
    """

    def __init__(self, host: str, port: int) -> None:
        self.fault = StorageFault.NONE
        self.seconds = 0.0
        self.connections = self.delayed = self.most_at_once = self._waiting = 0
        self._upstream = (host, port)
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def set_fault(self, fault: StorageFault, seconds: float = 0.0) -> None:
        """Apply this fault from now on."""
        self.seconds = seconds
        self.fault = fault

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection. It is noted at once: a task that is cancelled early never starts."""
        self.connections += 1
        self._open.add(writer)
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.CancelledError):
                await self._forward(reader, writer)
        finally:
            writer.close()

    async def close(self) -> None:
        """Close all connections."""
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for writer in self._open:
            writer.transport.abort()
        await _pass_rounds()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_storage, to_storage = await asyncio.open_connection(*self._upstream)
        self._open.add(to_storage)
        answers = asyncio.create_task(self._forward_answers(from_storage, writer))
        try:
            await self._forward_requests(reader, to_storage, writer)
        finally:
            answers.cancel()
            to_storage.close()

    async def _forward_requests(
        self, reader: asyncio.StreamReader, to_storage: asyncio.StreamWriter, writer: asyncio.StreamWriter
    ) -> None:
        while chunk := await reader.read(_CHUNK):
            match self.fault:
                case StorageFault.NONE | StorageFault.SLOW:
                    to_storage.write(chunk)
                case StorageFault.SILENT:
                    pass
                case StorageFault.DRIPPING:
                    await _drip(writer)
                case StorageFault.BUSY:
                    await asyncio.sleep(self.seconds)
                    writer.write(_BUSY)
                    return

    async def _forward_answers(
        self, from_storage: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while chunk := await from_storage.read(_CHUNK):
                if self.fault is StorageFault.SLOW:
                    await self._delay()
                writer.write(chunk)

    async def _delay(self) -> None:
        self._waiting += 1
        self.delayed += 1
        self.most_at_once = max(self.most_at_once, self._waiting)
        await asyncio.sleep(self.seconds)
        self._waiting -= 1


async def _pass_rounds() -> None:
    """Let the loop do what is due: accept what has arrived, and close what was aborted."""
    for _ in range(10):
        await asyncio.sleep(0)


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\nX-Drip: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(_DRIP_SECONDS)


@contextmanager
def storage_proxy(connection_string: str) -> Iterator[tuple[StorageProxy, str]]:
    """Put a proxy in front of a connection string's queue service; yield it and the new connection string."""
    found = re.search(r"QueueEndpoint=http://([^:;/]+):(\d+)/", connection_string)
    assert found is not None
    proxy = StorageProxy(found[1], int(found[2]))
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(proxy.accept, "127.0.0.1", 0, backlog=1024))
    port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="storage-proxy")
    thread.start()
    try:
        yield proxy, connection_string.replace(found[0], f"QueueEndpoint=http://127.0.0.1:{port}/")
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        # A server that is closed forgets connections that it is just accepting, and their sockets stay open.
        for listening in server.sockets:
            loop.remove_reader(listening)
        loop.run_until_complete(_pass_rounds())
        server.close()
        loop.run_until_complete(proxy.close())
        loop.close()
