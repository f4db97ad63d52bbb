"""Runs a job in a thread of its own, one step at a time, so that a test chooses what happens in between."""

from collections.abc import Callable
from threading import Semaphore, Thread, get_ident


class ProcessKilled(BaseException):
    """Ends the thread of a process that was killed; no handler of the product catches it."""


class SteppedJob:
    """A job that stops before and after each of its calls to a service.

    Only one thread runs at any time: the caller of `advance` or `finish`, or the job.
    """

    def __init__(self, job: Callable[[], object], name: str) -> None:
        self.has_ended = False
        self._job = job
        self._is_killed = False
        self._error: BaseException | None = None
        self._may_run, self._stopped = Semaphore(0), Semaphore(0)
        self._is_free = False
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def advance(self) -> None:
        """Let the job run to its next stop, or to its end. Raises what the job raised."""
        if self._thread.ident is None:
            self._thread.start()
        self._may_run.release()
        self._stopped.acquire()
        if self._error:
            raise self._error

    def finish(self) -> None:
        """Let the job run to its end without a stop; one that has not begun runs in this thread."""
        self._is_free = True
        if self._thread.ident is not None:
            self.advance()
            return
        self.has_ended = True
        self._job()

    def kill(self) -> None:
        """End the job at once; later calls take no effect."""
        self._is_killed = True
        if self._thread.ident is None:
            self.has_ended = True
        while not self.has_ended:
            self.advance()

    def stop(self) -> None:
        """Wait for the next `advance`; the job calls this. Threads of its own do not wait.

        Raises:
            ProcessKilled: the process was killed.
        """
        if get_ident() == self._thread.ident and not (self._is_killed or self._is_free):
            self._stopped.release()
            self._may_run.acquire()
        if self._is_killed:
            raise ProcessKilled

    def _run(self) -> None:
        self._may_run.acquire()
        try:
            if not self._is_killed:
                self._job()
        except ProcessKilled:
            pass
        except BaseException as error:  # noqa: BLE001 -- the thread that advances the job raises it
            self._error = error
        finally:
            self.has_ended = True
            self._stopped.release()
