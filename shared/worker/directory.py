"""Facts about the tenant that decisions ask for: its verified domains, and who is in a group."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Protocol

from shared.domain.meeting import Meeting
from shared.errors import GraphError, GraphUnavailable, Throttled, Unauthorized
from shared.logs import logger
from shared.rules.facts import Facts
from shared.rules.policy import Policy

KEPT = timedelta(hours=6)
_KEPT_AT_MOST = timedelta(days=1)
_TRY_AGAIN = timedelta(minutes=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_PASSING = (Throttled, GraphUnavailable, Unauthorized)


class _Graph(Protocol):
    def verified_domains(self) -> frozenset[str]: ...

    def group_members(self, group: str) -> frozenset[str]: ...


class Directory:
    """Asks Graph for each fact once in six hours; in an outage the last answer holds for a day.

    Every method raises Throttled, GraphUnavailable or Unauthorized where a fact was not read for so long and
    will be once this trouble is over. A fact that Graph does not let us read, or not any more, is not known.
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
        self._due = _LONG_AGO
        self._known: frozenset[str] | None = None
        self._known_until = _LONG_AGO
        self._was_empty = False

    def current(self) -> frozenset[str] | None:
        # While one thread asks, the others go on with what is known.
        if not self._lock.acquire(blocking=self._known is None):
            return self._known
        try:
            now = self._now()
            if now >= self._due:
                self._due = now + self._read(now)
            return self._known
        finally:
            self._lock.release()

    def _read(self, now: datetime) -> timedelta:
        if now >= self._known_until:
            self._known = None
        try:
            # Nothing is known that an empty answer, a stutter of Graph's maybe, could be held against.
            answer = self._ask() or (self._ask() if self._known is None else frozenset())
        except GraphError as error:
            logger().warning("directory.refused", what=self._what, detail=str(error))
            if not isinstance(error, _PASSING):
                self._known = None
            elif self._known is None:
                raise _of_the_directory(error) from error
            return _TRY_AGAIN
        # An empty answer may be a stutter of Graph's: two have to agree that nobody is left.
        is_sure = bool(answer) or self._was_empty
        self._was_empty = not answer
        if is_sure or self._known is None:
            self._known, self._known_until = answer, now + _KEPT_AT_MOST
        return KEPT if is_sure else _TRY_AGAIN


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
