"""Facts about the tenant that decisions ask for: its verified domains, and who is in a group."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from shared.domain.meeting import Meeting
from shared.errors import GraphError, GraphUnavailable, Throttled, Unauthorized
from shared.logs import logger
from shared.rules.facts import Facts
from shared.rules.policy import Policy

KEPT = timedelta(hours=6)
_TRY_AGAIN = timedelta(minutes=1)
_PASSING = (Throttled, GraphUnavailable, Unauthorized)


class _Graph(Protocol):
    def verified_domains(self) -> frozenset[str]: ...

    def group_members(self, group: str) -> frozenset[str]: ...


class Directory:
    """Asks Graph for each fact once in six hours, and keeps the last answer while Graph can't be asked.

    Every method raises Throttled, GraphUnavailable or Unauthorized where a fact was never read and will be
    once this trouble is over. A fact that Graph does not let us read is not known.
    """

    def __init__(self, graph: Callable[[], _Graph], now: Callable[[], datetime]) -> None:
        self._graph = graph
        self._now = now
        self._domains = _Kept("verified domains", lambda: _some(graph().verified_domains()), now)
        self._groups: dict[str, _Kept] = {}

    def facts(self, policy: Policy, meeting: Meeting | None = None) -> Facts:
        """Return what a decision by this policy may know; `meeting` is what we remember of the event."""
        return Facts(
            meeting=meeting,
            tenant_domains=self.domains() if policy.needs_tenant_domains else None,
            members=self.members(policy.groups),
        )

    def domains(self) -> frozenset[str] | None:
        """Return the tenant's verified domains, lower-case; None where they are not known."""
        return self._domains.current()

    def members(self, groups: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Return the addresses, lower-case, of the members of each group that is known."""
        found = {group: self._group(group).current() for group in groups}
        return {group: members for group, members in found.items() if members is not None}

    def _group(self, group: str) -> "_Kept":
        # Two threads may make one each; either will do, and setdefault lets both use the same.
        fresh = _Kept(f"group {group}", lambda: self._graph().group_members(group), self._now)
        return self._groups.setdefault(group, fresh)


class _Kept:
    """One set of words, read now and then; safe to share between threads."""

    def __init__(self, what: str, ask: Callable[[], frozenset[str]], now: Callable[[], datetime]) -> None:
        self._what = what
        self._ask = ask
        self._now = now
        self._lock = Lock()
        self._due: datetime | None = None
        self._known: frozenset[str] | None = None

    def current(self) -> frozenset[str] | None:
        # While one thread asks, the others go on with what is known.
        if not self._lock.acquire(blocking=self._known is None):
            return self._known
        try:
            now = self._now()
            if self._due is None or now >= self._due:
                self._due = now + self._read()
            return self._known
        finally:
            self._lock.release()

    def _read(self) -> timedelta:
        try:
            answer = self._ask()
        except GraphError as error:
            logger().warning("directory.refused", what=self._what, detail=str(error))
            if self._known is None and isinstance(error, _PASSING):
                raise _of_the_directory(error) from error
            return _TRY_AGAIN
        self._known = answer
        return KEPT


def _some(domains: frozenset[str]) -> frozenset[str]:
    """Return the domains; every tenant has one, so an empty answer is a stutter of Graph's."""
    if not domains:
        raise GraphUnavailable("read the tenant's domains", detail="an empty answer")
    return domains


def _of_the_directory(error: GraphError) -> GraphError:
    """Return the error for those who wait: a throttled directory is no reason to leave a mailbox alone."""
    if not isinstance(error, Throttled):
        return error
    return GraphUnavailable(error.call, status=error.status, code=error.code, request_id=error.request_id)
