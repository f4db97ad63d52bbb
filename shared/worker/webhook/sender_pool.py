"""Sends all messages of a POST concurrently, and gives up when its time is over.

The queue service takes one message per request, so slow storage needs many senders. A thread that waits for
a name server can't be stopped. So the senders have threads of their own, limited in number, and a POST never
waits for them longer than its deadline.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from shared.deadline import deadline
from shared.errors import JoinlinkError, OutOfTime, QueueUnavailable
from shared.worker.webhook.admission import SILENCE_SECONDS, AdmissionControl, Admitted
from shared.worker.webhook.batch import Batch, OutgoingMessage

#: Threads and connections are created on demand. At 250 ms a send, 64 senders send 256 messages a second.
MAX_SENDERS = 64
#: limits one POST, so that two large POSTs leave senders for the small ones
_MAX_SENDERS_OF_A_POST = 32
#: Changes are combined where more messages wait, a send takes longer, or less time is left.
_MANY_WAITING = 200
_SLOW_SECONDS = 0.8
_LAST_SECONDS = 0.7
#: A sender gives up before its POST does, so that the POST can report what the sender waited for.
_HEAD_START_SECONDS = 0.2
#: reported where no call came far enough to know what it waited for
_STORAGE_IS_SLOW = "storage, its name server or its token service is slow"


class SenderPool:
    """The senders of one process; safe to share between threads. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._admission = AdmissionControl(clock)
        #: an ordered set
        self._batches: dict[Batch, None] = {}
        self._threads = ThreadPoolExecutor(MAX_SENDERS, thread_name_prefix="queue-send")

    def send(self, messages: Sequence[OutgoingMessage], end: float) -> None:
        """Return when the queues have taken all messages. `end` is the time of `clock` at which to give up.

        Raises:
            QueueUnavailable: not all were taken, or storage is known not to answer; some may be queued.
        """
        if not messages:
            return
        with self._admission.admit() as admitted:
            batch = Batch(messages)
            self._batches[batch] = None
            try:
                self._start(batch, end - _HEAD_START_SECONDS, is_probe=admitted.is_probe)
                self._wait(batch, admitted, end)
            finally:
                batch.stop()
                del self._batches[batch]

    def close(self) -> None:
        """End the threads that send."""
        self._threads.shutdown(cancel_futures=True)

    def _wait(self, batch: Batch, admitted: Admitted, end: float) -> None:
        while not batch.ended.wait(min(self._admission.seconds_to_wait(admitted), self._seconds_until(end))):
            if not self._seconds_until(end) or not self._admission.seconds_to_wait(admitted):
                problem = f"{batch.progress()}: {_STORAGE_IS_SLOW}"
                self._admission.note_timeout(problem)
                raise QueueUnavailable(problem)
        if isinstance(batch.error, JoinlinkError):
            raise QueueUnavailable(f"{batch.progress()}: {_own_text(batch.error)}") from batch.error
        if batch.error is not None:
            raise batch.error

    def _start(self, batch: Batch, end: float, *, is_probe: bool) -> None:
        for _sender in range(min(1 if is_probe else _MAX_SENDERS_OF_A_POST, len(batch.waiting))):
            self._threads.submit(self._send_each, batch, end, is_probe=is_probe)

    def _send_each(self, batch: Batch, end: float, *, is_probe: bool) -> None:
        """Send the waiting messages of the batch one by one; a probe starts more senders after the first."""
        is_slow = False
        while (outgoing := batch.next(combine=is_slow or self._is_time_short(end))) is not None:
            started = self._clock()
            try:
                with deadline(timedelta(seconds=end - started)):
                    outgoing.queue.send(outgoing.message.encode(), outgoing.delay)
            except Exception as error:  # noqa: BLE001 -- the POST raises it
                self._note_failure(error, started, end)
                batch.fail(error)
                return
            self._admission.note_answer()
            batch.note_sent(outgoing)
            is_slow = self._clock() - started > _SLOW_SECONDS
            if is_probe:
                self._start(batch, end, is_probe=False)
                return

    def _is_time_short(self, end: float) -> bool:
        """Return whether a message for each change would take too long."""
        waiting = sum(len(batch.waiting) for batch in self._batches.copy())
        return waiting > _MANY_WAITING or end - self._clock() < _LAST_SECONDS

    def _note_failure(self, error: Exception, started: float, end: float) -> None:
        """Report a failure to the admission control. One that our own deadline caused is not an answer."""
        now = self._clock()
        if now < end and now - started < SILENCE_SECONDS:
            self._admission.note_answer()
        else:
            self._admission.note_timeout(_own_text(error))

    def _seconds_until(self, end: float) -> float:
        return max(end - self._clock(), 0)


def _own_text(error: Exception) -> str:
    """Return the text of our own errors; the text of other errors may contain an address."""
    if isinstance(error, OutOfTime):
        return _STORAGE_IS_SLOW
    return str(error) if isinstance(error, JoinlinkError) else type(error).__name__
