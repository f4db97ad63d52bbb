"""Sends all messages of a POST side by side, and gives up when its time is over.

The queue service takes one message a request, so slow storage needs many senders. Nobody can stop a thread
that waits for a name server. So the senders are threads of their own, bounded in number, and a POST waits for
them no longer than it may.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Lock
from typing import NamedTuple, Protocol

from shared.deadline import deadline
from shared.errors import JoinlinkError, QueueUnavailable
from shared.worker.storage_gate import SILENCE_SECONDS, Place, StorageGate

#: Threads and connections are made when they are needed. At 250 ms a send these take 512 messages a second.
SENDERS = 128
#: so many for one POST, so that two large ones don't keep out all small ones
_SENDERS_OF_A_POST = 32
#: A sender gives up before its POST does, so that the POST can say what the sender waited for.
_HEAD_START_SECONDS = 0.2


class Queue(Protocol):
    """Takes messages."""

    @property
    def name(self) -> str:
        """The queue's name."""

    def send(self, text: str, delay: timedelta = ...) -> None:
        """Put a message on the queue, visible after `delay`."""


class Outgoing(NamedTuple):
    """A message, the queue that it goes to, and how long it stays invisible there."""

    queue: Queue
    text: str
    delay: timedelta


class Outbox:
    """The senders of one process; safe to share between threads. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._gate = StorageGate(clock)
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="queue-send")

    def send(self, messages: Sequence[Outgoing], end: float) -> None:
        """Return when the queues took all messages. `end` is the moment of `clock` to give up at.

        Raises:
            QueueUnavailable: they did not, or are known not to answer; some may have been taken.
        """
        if not messages:
            return
        with self._gate.place() as place:
            batch = _Batch(messages)
            self._start(batch, end - _HEAD_START_SECONDS, alone=place.probing)
            try:
                self._wait(batch, place, end)
            finally:
                batch.stop()

    def close(self) -> None:
        """End the threads that send."""
        self._senders.shutdown(cancel_futures=True)

    def _wait(self, batch: "_Batch", place: Place, end: float) -> None:
        while not batch.ended.wait(min(self._gate.patience(place), max(end - self._clock(), 0))):
            if self._clock() >= end or not self._gate.patience(place):
                trouble = f"{batch.progress()}: storage, its name server or its token service is slow"
                self._gate.waited_in_vain(trouble)
                raise QueueUnavailable(trouble)
        if isinstance(batch.error, JoinlinkError):
            raise QueueUnavailable(f"{batch.progress()}: {batch.error}") from batch.error
        if batch.error is not None:
            raise batch.error

    def _start(self, batch: "_Batch", end: float, *, alone: bool) -> None:
        for _sender in range(min(1 if alone else _SENDERS_OF_A_POST, len(batch.waiting))):
            self._senders.submit(self._send_each, batch, end, alone=alone)

    def _send_each(self, batch: "_Batch", end: float, *, alone: bool) -> None:
        """Send what waits in the batch, one after the other; the others join in when the first was taken."""
        while (message := batch.next()) is not None:
            began = self._clock()
            try:
                with deadline(timedelta(seconds=end - began)):
                    message.queue.send(message.text, message.delay)
            except Exception as error:  # noqa: BLE001 -- the POST raises it
                self._note(error, began, end)
                batch.fail(error)
                return
            self._gate.answered()
            batch.taken()
            if alone:
                self._start(batch, end, alone=False)
                return

    def _note(self, error: Exception, began: float, end: float) -> None:
        """Tell the gate of a failure. One that our own deadline made is never an answer of storage."""
        now = self._clock()
        if now < end and now - began < SILENCE_SECONDS:
            self._gate.answered()
        else:
            self._gate.waited_in_vain(_text(error))


class _Batch:
    """The messages of one POST: what still waits for a sender, and how it ended."""

    def __init__(self, messages: Sequence[Outgoing]) -> None:
        self.waiting = deque(messages)
        self.ended = Event()
        self.error: Exception | None = None
        self._all = len(messages)
        self._taken = 0
        self._lock = Lock()

    def next(self) -> Outgoing | None:
        try:
            return self.waiting.popleft()
        except IndexError:
            return None

    def taken(self) -> None:
        """Count a message that its queue took."""
        with self._lock:
            self._taken += 1
            if self._taken == self._all:
                self.ended.set()

    def fail(self, error: Exception) -> None:
        self.error = self.error or error
        self.stop()
        self.ended.set()

    def stop(self) -> None:
        self.waiting.clear()

    def progress(self) -> str:
        return f"{self._taken} of {self._all} messages were taken in time"


def _text(error: Exception) -> str:
    """Return our own words; what others say may hold an address."""
    return str(error) if isinstance(error, JoinlinkError) else type(error).__name__
