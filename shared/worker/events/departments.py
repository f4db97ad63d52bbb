"""Caches the departments of organizers, so that rules cost one call an hour for each organizer at most."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock

from shared.errors import Forbidden, GraphError, GraphUnavailable
from shared.logs import logger
from shared.single_flight import SingleFlight
from shared.worker.events.cached_set import TEMPORARY, not_of_the_mailbox

#: Graph is asked about an organizer once in this time.
KEPT_FOR = timedelta(hours=1)
#: If Graph can't be read, the last answer is used for so long.
_EXPIRES_AFTER = timedelta(days=1)
#: a few megabytes
MOST_KEPT = 20_000
#: more than there are threads
_MOST_FLIGHTS = 256
#: Without the permission, each organizer would be refused: all wait for the next try.
ASK_AGAIN_AFTER_REFUSAL = timedelta(minutes=10)
#: how often a problem of the same kind is logged
_LOG_INTERVAL = timedelta(days=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Answer:
    department: str | None
    read: datetime
    due: datetime


class Departments:
    """Reads departments with `read`, by the object id of a mailbox; the least recently used are forgotten.

    Threads may share it: of those that need the same department one reads, and none waits longer than
    `patience`.
    """

    def __init__(
        self, read: Callable[[str], str | None], now: Callable[[], datetime], patience: timedelta
    ) -> None:
        self._read = read
        self._now = now
        self._patience = patience
        self._lock = Lock()
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._flights: OrderedDict[str, SingleFlight[str | None]] = OrderedDict()
        self._refused = _LONG_AGO
        self._logged: dict[type[GraphError], datetime] = {}

    def of(self, mailbox: str) -> str | None:
        """Return the department as Graph has it, empty if there is none; None if it is not known.

        Raises:
            GraphUnavailable, Unauthorized: it was not read for a day; a later read may succeed.
        """
        now, last = self._now(), self._last(mailbox)
        if last is not None and now < last.due:
            return last.department
        if now - self._refused < ASK_AGAIN_AFTER_REFUSAL:
            return None
        try:
            return self._flight(mailbox).fetch(lambda: self._refresh(mailbox))
        except TEMPORARY:
            if last is None or now - last.read >= _EXPIRES_AFTER:
                raise
            if self._last(mailbox) is last:  # no late answer has arrived meanwhile
                self._keep(mailbox, replace(last, due=now + KEPT_FOR))
            return last.department

    def _refresh(self, mailbox: str) -> str | None:
        now, last = self._now(), self._last(mailbox)
        if last is not None and now < last.due:  # another thread's read has just ended
            return last.department
        department = None
        try:
            department = self._read(mailbox)
        except TEMPORARY as error:
            self._log(error, now)
            raise not_of_the_mailbox(error) from error
        except GraphError as error:
            self._log(error, now)
            if isinstance(error, Forbidden):
                self._refused = now
                return None
        self._keep(mailbox, _Answer(department, now, now + KEPT_FOR))
        return department

    def _last(self, mailbox: str) -> _Answer | None:
        with self._lock:
            if mailbox in self._answers:
                self._answers.move_to_end(mailbox)
            return self._answers.get(mailbox)

    def _keep(self, mailbox: str, answer: _Answer) -> None:
        with self._lock:
            self._answers[mailbox] = answer
            self._answers.move_to_end(mailbox)
            if len(self._answers) > MOST_KEPT:
                self._answers.popitem(last=False)

    def _flight(self, mailbox: str) -> SingleFlight[str | None]:
        with self._lock:
            flight = self._flights.get(mailbox)
            if flight is None:
                flight = self._flights[mailbox] = SingleFlight(_too_slow, self._now, patience=self._patience)
            self._flights.move_to_end(mailbox)
            if len(self._flights) > _MOST_FLIGHTS:
                self._flights.popitem(last=False)
            return flight

    def _log(self, error: GraphError, now: datetime) -> None:
        """Log a problem; one of the same kind once a day, whichever organizer it is about."""
        if now - self._logged.get(type(error), _LONG_AGO) >= _LOG_INTERVAL:
            self._logged[type(error)] = now
            logger().warning("directory.refused", what="departments of organizers", detail=str(error))


def _too_slow() -> GraphError:
    return GraphUnavailable("read the organizer's department", detail="Graph does not answer in time")
