"""A cached set of strings that Graph answers with, such as the members of a group."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shared.errors import GraphError, GraphUnavailable, Throttled, Unauthorized
from shared.logs import logger
from shared.single_flight import SingleFlight

REFRESH_AFTER = timedelta(hours=6)
#: If Graph can't be read, the last answer is used for so long.
_EXPIRES_AFTER = timedelta(days=1)
_RETRY_AFTER_ERROR = timedelta(minutes=1)
#: An empty answer is read again less often, because it rarely changes by itself.
_RETRY_AFTER_EMPTY = timedelta(minutes=10)
#: how often the same problem is logged
_LOG_INTERVAL = timedelta(days=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
#: errors after which a later read may succeed
TEMPORARY = (Throttled, GraphUnavailable, Unauthorized)
_EMPTY = (
    "Graph shows no members, but the membership may be hidden: add members, or grant Member.Read.Hidden;"
    " until then the members of this group are not known"
)


class CachedSet:
    """Reads a set with `read`, refreshes it every six hours, and uses the last answer for up to a day.

    Threads may share it: one of them reads for all, and none waits longer than `patience`. `what` names the
    set in log lines and errors. An empty answer counts as "not known", unless `may_be_empty`.
    """

    def __init__(
        self,
        what: str,
        read: Callable[[], frozenset[str]],
        now: Callable[[], datetime],
        patience: timedelta,
        *,
        may_be_empty: bool = False,
    ) -> None:
        self._what = what
        self._read = read
        self._now = now
        self._may_be_empty = may_be_empty
        # Only the flight's one running call changes the rest.
        self._flight: SingleFlight[frozenset[str] | None] = SingleFlight(
            self._too_slow, now, patience=patience
        )
        self._due = _LONG_AGO
        self._value: frozenset[str] | None = None
        self._expires = _LONG_AGO
        self._logged = ("", _LONG_AGO)

    def current(self) -> frozenset[str] | None:
        """Return the set, None if Graph does not let Joinlink read it.

        Raises:
            Throttled, GraphUnavailable, Unauthorized: it was not read for a day; a later read may succeed.
        """
        now, value = self._now(), self._value
        if now < self._due:
            return value
        if value is None or now >= self._expires:
            return self._flight.fetch(self._refresh)
        # While one thread reads, the others use the last answer. So does this one, if the read is slow.
        if self._flight.is_running:
            return value
        try:
            return self._flight.fetch(self._refresh)
        except GraphError:
            return value

    def _too_slow(self) -> GraphError:
        return GraphUnavailable(f"read the {self._what}", detail="Graph does not answer in time")

    def _refresh(self) -> frozenset[str] | None:
        now = self._now()
        if now < self._due:  # another thread's read has just ended
            return self._value
        if now >= self._expires:
            self._value = None
        try:
            answer = self._read()
        except GraphError as error:
            return self._after_error(error, now)
        if not answer and not self._may_be_empty:
            self._log(_EMPTY, now)
            self._due = now + _RETRY_AFTER_EMPTY
            return self._value
        self._logged = ("", _LONG_AGO)
        self._value, self._expires = answer, now + _EXPIRES_AFTER
        self._due = now + REFRESH_AFTER
        return answer

    def _after_error(self, error: GraphError, now: datetime) -> frozenset[str] | None:
        self._log(str(error), now)
        is_temporary = isinstance(error, TEMPORARY)
        if is_temporary and self._value is None:
            raise not_of_the_mailbox(error) from error
        if not is_temporary:
            self._value = None
        self._due = now + _RETRY_AFTER_ERROR
        return self._value

    def _log(self, detail: str, now: datetime) -> None:
        """Log a problem; the same one once a day."""
        last, at = self._logged
        if detail != last or now - at >= _LOG_INTERVAL:
            self._logged = (detail, now)
            logger().warning("directory.refused", what=self._what, detail=detail)


def not_of_the_mailbox(error: GraphError) -> GraphError:
    """Return the error for callers: throttling of the directory must not pause a mailbox."""
    if not isinstance(error, Throttled):
        return error
    return GraphUnavailable(error.call, status=error.status, code=error.code, request_id=error.request_id)
