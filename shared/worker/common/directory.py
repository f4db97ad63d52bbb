"""Facts about the tenant that decisions ask for: its verified domains, and who is in a group."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from shared.domain.meeting import Meeting
from shared.errors import GraphError, GraphUnavailable, Throttled, Unauthorized
from shared.logs import logger
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from shared.single_flight import PATIENCE, SingleFlight

KEPT = timedelta(hours=6)
_KEPT_AT_MOST = timedelta(days=1)
_TRY_AGAIN = timedelta(minutes=1)
#: A group that Graph shows empty is asked for less often: that rarely passes by itself.
_EMPTY_AGAIN = timedelta(minutes=10)
_SAY_AGAIN = timedelta(days=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_PASSING = (Throttled, GraphUnavailable, Unauthorized)
_EMPTY = (
    "Graph shows no members, which may be a hidden membership: add members, or grant Member.Read.Hidden;"
    " until then this group counts as not known"
)


class _Graph(Protocol):
    def verified_domains(self) -> frozenset[str]: ...

    def group_members(self, group: str) -> frozenset[str]: ...

    def mail_groups(self) -> frozenset[str]: ...


class Directory:
    """Asks Graph for each fact once in six hours; in an outage the last answer holds for a day.

    Every method raises Throttled, GraphUnavailable or Unauthorized where a fact was not read for so long and
    will be once this trouble is over. A fact that Graph does not let us read, or not any more, is not known;
    neither is a group that it shows empty. Nobody waits for an answer longer than `patience`.
    """

    def __init__(
        self,
        graph: Callable[[], _Graph],
        now: Callable[[], datetime],
        patience: timedelta = PATIENCE,
    ) -> None:
        self._graph = graph
        self._now = now
        self._patience = patience
        self._domains = _Kept("verified domains", lambda: _some(graph().verified_domains()), now, patience)
        self._lists = _Kept(
            "groups with a mail address", lambda: graph().mail_groups(), now, patience, may_be_empty=True
        )
        self._groups: dict[str, _Kept] = {}

    def facts(self, policy: Policy, meeting: Meeting | None = None) -> Facts:
        """Return what a decision by this policy may know; `meeting` is what we remember of the event."""
        return Facts(
            meeting=meeting,
            tenant_domains=self.domains() if policy.needs_tenant_domains else None,
            members=self.members(policy.groups),
            lists=self.lists() if policy.groups else frozenset(),
        )

    def domains(self) -> frozenset[str] | None:
        """Return the tenant's verified domains, lower-case; None where they are not known."""
        return self._domains.current()

    def members(self, groups: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Return the addresses, lower-case, of the members of each group that is known."""
        found = {group: self._group(group).current() for group in groups}
        return {group: members for group, members in found.items() if members is not None}

    def lists(self) -> frozenset[str]:
        """Return the addresses of the tenant's groups, as far as they are known."""
        return self._lists.current() or frozenset()

    def _group(self, group: str) -> "_Kept":
        # Two threads may make one each; either will do, and setdefault lets both use the same.
        def ask() -> frozenset[str]:
            return self._graph().group_members(group)

        return self._groups.setdefault(group, _Kept(f"group {group}", ask, self._now, self._patience))


class _Kept:
    """One set of words, read now and then; safe to share between threads, of which one asks for all.

    Only the fetch changes it, and there is one at a time.
    """

    def __init__(
        self,
        what: str,
        ask: Callable[[], frozenset[str]],
        now: Callable[[], datetime],
        patience: timedelta,
        *,
        may_be_empty: bool = False,
    ) -> None:
        self._what = what
        self._may_be_empty = may_be_empty
        self._ask = ask
        self._now = now
        self._flight: SingleFlight[frozenset[str] | None] = SingleFlight(self._slow, now, patience=patience)
        self._due = _LONG_AGO
        self._known: frozenset[str] | None = None
        self._known_until = _LONG_AGO
        self._said = ("", _LONG_AGO)

    def current(self) -> frozenset[str] | None:
        """Return what is known now; raises a GraphError where nothing is, for the moment."""
        now, known = self._now(), self._known
        if now < self._due:
            return known
        if known is None or now >= self._known_until:
            return self._flight.fetch(self._read)
        # While one thread asks, the others go on with what is known; it does so, too, where that takes long.
        if self._flight.is_running:
            return known
        try:
            return self._flight.fetch(self._read)
        except GraphError:
            return known

    def _slow(self) -> GraphError:
        return GraphUnavailable(f"read the {self._what}", detail="it takes longer than anybody waits")

    def _read(self) -> frozenset[str] | None:
        now = self._now()
        if now < self._due:  # somebody else's fetch has just ended
            return self._known
        if now >= self._known_until:
            self._known = None
        try:
            answer = self._ask()
        except GraphError as error:
            self._say(str(error), now)
            is_passing = isinstance(error, _PASSING)
            if is_passing and self._known is None:
                raise _of_the_directory(error) from error
            if not is_passing:
                self._known = None
            self._due = now + _TRY_AGAIN
            return self._known
        if not answer and not self._may_be_empty:
            self._say(_EMPTY, now)
            self._due = now + _EMPTY_AGAIN
            return self._known
        self._said = ("", _LONG_AGO)
        self._known, self._known_until = answer, now + _KEPT_AT_MOST
        self._due = now + KEPT
        return answer

    def _say(self, detail: str, now: datetime) -> None:
        """Log what is wrong; the same once a day."""
        last, at = self._said
        if detail != last or now - at >= _SAY_AGAIN:
            self._said = (detail, now)
            logger().warning("directory.refused", what=self._what, detail=detail)


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
