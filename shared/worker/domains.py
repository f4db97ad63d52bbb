"""The tenant's verified domains, for policies that say `internal_domains: auto`."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from shared.errors import GraphError, GraphUnavailable, Throttled, Unauthorized
from shared.logs import logger

KEPT = timedelta(hours=6)
_TRY_AGAIN = timedelta(minutes=1)
_PASSING = (Throttled, GraphUnavailable, Unauthorized)


class TenantDomains:
    """Asks Graph once in six hours; keeps the last answer while Graph can't be asked."""

    def __init__(self, ask: Callable[[], frozenset[str]], now: Callable[[], datetime]) -> None:
        self._ask = ask
        self._now = now
        self._lock = Lock()
        self._due: datetime | None = None
        self._domains: frozenset[str] | None = None

    def current(self) -> frozenset[str] | None:
        """Return the lower-case domains, None where Graph does not let us read them.

        Raises:
            Throttled, GraphUnavailable, Unauthorized: they were never read, and will be once this is over.
        """
        # While one thread asks, the others go on with what is known.
        if not self._lock.acquire(blocking=self._domains is None):
            return self._domains
        try:
            now = self._now()
            if self._due is None or now >= self._due:
                self._due = now + self._read()
            return self._domains
        finally:
            self._lock.release()

    def _read(self) -> timedelta:
        try:
            domains = self._ask()
        except GraphError as error:
            logger().warning("tenant_domains.refused", detail=str(error))
            if self._domains is None and isinstance(error, _PASSING):
                raise
            return _TRY_AGAIN
        # An empty answer is a stutter of Graph's, not a tenant without domains.
        self._domains = domains or self._domains
        return KEPT if domains else _TRY_AGAIN
