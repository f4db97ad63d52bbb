"""Reads many mailboxes concurrently, and stops when it is asked to."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from itertools import islice
from threading import Event

from shared.desk.preview.preview_scope import ScopeEntry
from shared.desk.preview.previewed import PreviewedMailbox
from shared.errors import PreviewStopped

#: Mailboxes that are read concurrently. Exchange allows four requests at a given time to one mailbox; the
#: running app needs the other three.
READERS = 16


class StopSignal:
    """Lets the threads of a preview wait, until they have to stop."""

    def __init__(self) -> None:
        self._event = Event()

    def stop(self) -> None:
        """Make every `wait` end with an error."""
        self._event.set()

    def wait(self, time: timedelta) -> None:
        """Wait.

        Raises:
            PreviewStopped: the preview stops.
        """
        if self._event.wait(time.total_seconds()):
            raise PreviewStopped("the preview was stopped")


def read_all(
    entries: Iterable[ScopeEntry], read: Callable[[ScopeEntry], PreviewedMailbox], signal: StopSignal
) -> Generator[PreviewedMailbox, None, None]:
    """Yield the mailboxes as they are read. Closing it stops the reading, and drops what it did not yield.

    Raises what `read` raises.
    """
    left = iter(entries)
    pool = ThreadPoolExecutor(READERS, "preview")
    running: set[Future[PreviewedMailbox]] = set()
    try:
        running |= {pool.submit(read, entry) for entry in islice(left, READERS)}
        while running:
            done = wait(running, return_when=FIRST_COMPLETED).done
            running |= {pool.submit(read, entry) for entry in islice(left, len(done))}
            for each in done:
                running.remove(each)
                yield each.result()
    finally:
        signal.stop()
        pool.shutdown(cancel_futures=True)
        for each in running:
            if not each.cancelled() and not each.exception():
                each.result().close()
