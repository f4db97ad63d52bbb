"""Polls one queue and passes its messages to the thread pool, as many as host.json allows."""

import logging
import threading
from concurrent.futures import Executor, Future
from types import TracebackType
from typing import Self

from azure.core.exceptions import AzureError

from sandbox.host.config import HostConfig
from sandbox.host.queue_listener import QueueListener

POLL_SECONDS = 0.05
"""The real host backs off from 0.1 s to `maxPollingInterval`; this one is always fast."""

log = logging.getLogger("Host.Triggers.Queue")


class QueuePoller:
    """Polls a queue in a separate thread until it is stopped, at the latest at the end of the `with` block.

    Messages that have been fetched by then are still processed.
    """

    def __init__(self, listener: QueueListener, *, config: HostConfig, pool: Executor) -> None:
        self._listener = listener
        self._config = config
        self._pool = pool
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._in_progress = 0
        self._idle_reads = 0
        self._thread = threading.Thread(target=self._run, name=f"queue {listener.queue}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_fetching()
        self._thread.join()

    @property
    def in_progress(self) -> int:
        """How many messages have been fetched and are not finished."""
        with self._changed:
            return self._in_progress

    def stop_fetching(self) -> None:
        """Fetch no more messages."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()

    def reads_until_idle(self) -> int:
        """Return the value of `reads` for `quiet` that means the queue is idle from now on."""
        with self._changed:
            return self._idle_reads + 2  # a read that is running now began before this call

    def quiet(self, reads: int, seconds: float) -> bool:
        """Wait until this many reads in total have found the queue idle; False after a timeout."""
        with self._changed:
            return self._changed.wait_for(lambda: self._idle_reads >= reads, seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._fetch():
                self._count_idle_read()
                self._stopping.wait(POLL_SECONDS)
            with self._changed:
                self._changed.wait_for(lambda: self._has_room() or self._stopping.is_set())

    def _count_idle_read(self) -> None:
        with self._changed:
            if not self._in_progress:
                self._idle_reads += 1
                self._changed.notify_all()

    def _has_room(self) -> bool:
        return self._in_progress <= self._config.new_batch_threshold

    def _fetch(self) -> bool:
        try:
            messages = self._listener.receive(self._config.batch_size)
        except AzureError:
            log.exception("The queue %s could not be read", self._listener.queue)
            return False
        with self._changed:
            self._in_progress += len(messages)
        for message in messages:
            self._pool.submit(self._listener.process, message).add_done_callback(self._done)
        return bool(messages)

    def _done(self, work: Future[None]) -> None:
        with self._changed:
            self._in_progress -= 1
            self._changed.notify_all()
        if error := work.exception():
            log.error("The queue %s: %s", self._listener.queue, error, exc_info=error)
