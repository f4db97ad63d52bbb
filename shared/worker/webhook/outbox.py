"""Sends all messages of a POST side by side, and gives up when its time is over.

The queue service takes one message a request, so slow storage needs many senders. Nobody can stop a thread
that waits for a name server. So the senders are threads of their own, bounded in number, and a POST waits for
them no longer than it may.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from shared.deadline import deadline
from shared.errors import JoinlinkError, OutOfTime, QueueUnavailable
from shared.worker.webhook.batch import Batch, Outgoing
from shared.worker.webhook.storage_gate import SILENCE_SECONDS, Place, StorageGate

#: Threads and connections are made when they are needed. At 250 ms a send these take 256 messages a second.
SENDERS = 64
#: so many for one POST, so that two large ones don't keep out all small ones
_SENDERS_OF_A_POST = 32
#: Changes travel together where more wait, a send takes longer or less time is left.
_MANY_WAITING = 200
_SLOW_SECONDS = 0.8
_LAST_SECONDS = 0.7
#: A sender gives up before its POST does, so that the POST can say what the sender waited for.
_HEAD_START_SECONDS = 0.2
#: said where no call came far enough to say what it waited for
_SOMETHING_IS_SLOW = "storage, its name server or its token service is slow"


class Outbox:
    """The senders of one process; safe to share between threads. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._gate = StorageGate(clock)
        self._batches: dict[Batch, None] = {}
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="queue-send")

    def send(self, messages: Sequence[Outgoing], end: float) -> None:
        """Return when the queues took all messages. `end` is the moment of `clock` to give up at.

        Raises:
            QueueUnavailable: they did not, or are known not to answer; some may have been taken.
        """
        if not messages:
            return
        with self._gate.place() as place:
            batch = Batch(messages)
            self._batches[batch] = None
            try:
                self._start(batch, end - _HEAD_START_SECONDS, alone=place.probing)
                self._wait(batch, place, end)
            finally:
                batch.stop()
                del self._batches[batch]

    def close(self) -> None:
        """End the threads that send."""
        self._senders.shutdown(cancel_futures=True)

    def _wait(self, batch: Batch, place: Place, end: float) -> None:
        while not batch.ended.wait(min(self._gate.patience(place), max(end - self._clock(), 0))):
            if self._clock() >= end or not self._gate.patience(place):
                trouble = f"{batch.progress()}: {_SOMETHING_IS_SLOW}"
                self._gate.waited_in_vain(trouble)
                raise QueueUnavailable(trouble)
        if isinstance(batch.error, JoinlinkError):
            raise QueueUnavailable(f"{batch.progress()}: {_text(batch.error)}") from batch.error
        if batch.error is not None:
            raise batch.error

    def _start(self, batch: Batch, end: float, *, alone: bool) -> None:
        for _sender in range(min(1 if alone else _SENDERS_OF_A_POST, len(batch.waiting))):
            self._senders.submit(self._send_each, batch, end, alone=alone)

    def _send_each(self, batch: Batch, end: float, *, alone: bool) -> None:
        """Send what waits in the batch, one after the other; from `alone`, others join in after the first."""
        slow = False
        while (parcel := batch.next(together=slow or self._has_no_time(end))) is not None:
            began = self._clock()
            try:
                with deadline(timedelta(seconds=end - began)):
                    parcel.queue.send(parcel.message.encode(), parcel.delay)
            except Exception as error:  # noqa: BLE001 -- the POST raises it
                self._note(error, began, end)
                batch.fail(error)
                return
            self._gate.answered()
            batch.taken(parcel)
            slow = self._clock() - began > _SLOW_SECONDS
            if alone:
                self._start(batch, end, alone=False)
                return

    def _has_no_time(self, end: float) -> bool:
        """Tell whether a message for each change would take too long."""
        waiting = sum(len(batch.waiting) for batch in self._batches.copy())
        return waiting > _MANY_WAITING or end - self._clock() < _LAST_SECONDS

    def _note(self, error: Exception, began: float, end: float) -> None:
        """Tell the gate of a failure. One that our own deadline made is never an answer of storage."""
        now = self._clock()
        if now < end and now - began < SILENCE_SECONDS:
            self._gate.answered()
        else:
            self._gate.waited_in_vain(_text(error))


def _text(error: Exception) -> str:
    """Return our own words; what others say may hold an address."""
    if isinstance(error, OutOfTime):
        return _SOMETHING_IS_SLOW
    return str(error) if isinstance(error, JoinlinkError) else type(error).__name__
