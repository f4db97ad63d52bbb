"""A line to a storage service that can go bad: slow, silent, dripping, busy.

A TCP relay on a port of its own, which knows no more of HTTP than how to answer 503.
"""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto

_CHUNK = 65_536
_BUSY = b"HTTP/1.1 503 Server Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_DRIP_SECONDS = 0.1


class Trouble(Enum):
    """What the line does with a request."""

    NONE = auto()
    #: the answer comes after `seconds`
    SLOW = auto()
    #: there is no answer
    SILENT = auto()
    #: the answer comes byte by byte, and never ends
    DRIPPING = auto()
    #: the answer is 503 after `seconds`
    BUSY = auto()


class StorageLine:
    """A relay to one address; `trouble` and `seconds` may be changed at any time."""

    def __init__(self, host: str, port: int) -> None:
        self.trouble = Trouble.NONE
        self.seconds = 0.0
        #: the address that the relay listens on
        self.port = 0
        #: connections that were made
        self.connections = 0
        self._upstream = (host, port)
        self._open: set[asyncio.StreamWriter] = set()

    def has(self, trouble: Trouble, seconds: float = 0.0) -> None:
        """Let the line have this trouble from now on."""
        self.seconds = seconds
        self.trouble = trouble

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        self._open.add(writer)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await self._lead_on(reader, writer)
        finally:
            writer.close()

    async def _lead_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_storage, to_storage = await asyncio.open_connection(*self._upstream)
        self._open.add(to_storage)
        down = asyncio.create_task(self._down(from_storage, writer))
        try:
            await self._up(reader, to_storage, writer)
        finally:
            down.cancel()
            to_storage.close()

    async def end(self) -> None:
        """End all connections."""
        await asyncio.sleep(0.01)  # in which relays begin whose connections were just made
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in self._open:
            writer.transport.abort()
        await asyncio.sleep(0.01)  # in which transports close

    async def _up(
        self, reader: asyncio.StreamReader, to_storage: asyncio.StreamWriter, writer: asyncio.StreamWriter
    ) -> None:
        while chunk := await reader.read(_CHUNK):
            match self.trouble:
                case Trouble.NONE | Trouble.SLOW:
                    to_storage.write(chunk)
                case Trouble.SILENT:
                    pass
                case Trouble.DRIPPING:
                    await _drip(writer)
                case Trouble.BUSY:
                    await asyncio.sleep(self.seconds)
                    writer.write(_BUSY)
                    return

    async def _down(self, from_storage: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await from_storage.read(_CHUNK):
                if self.trouble is Trouble.SLOW:
                    await asyncio.sleep(self.seconds)
                writer.write(chunk)


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\nX-Drip: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(_DRIP_SECONDS)


@contextmanager
def storage_line(connection_string: str) -> Iterator[tuple[StorageLine, str]]:
    """Lead the queue service of a connection string over a line; yield it and the new connection string."""
    found = re.search(r"QueueEndpoint=http://([^:;/]+):(\d+)/", connection_string)
    assert found is not None
    line = StorageLine(found[1], int(found[2]))
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(line.relay, "127.0.0.1", 0, backlog=1024))
    line.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="storage-line")
    thread.start()
    try:
        endpoint = f"QueueEndpoint=http://127.0.0.1:{line.port}/"
        yield line, connection_string.replace(found[0], endpoint)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(line.end())
        loop.close()
