"""Caches what decisions need from the tenant's directory: verified domains, groups, members, departments."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from shared.domain.event import Event
from shared.domain.meeting import Meeting
from shared.errors import GraphUnavailable
from shared.rules.decide import depends_on_department
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from shared.single_flight import PATIENCE
from shared.worker.events.cached_set import CachedSet
from shared.worker.events.departments import Departments


class DirectoryGraph(Protocol):
    """The calls of Graph for the directory. Each raises GraphError."""

    def verified_domains(self) -> frozenset[str]:
        """Return the tenant's verified domains, in lower case."""

    def group_members(self, group: str) -> frozenset[str]:
        """Return the addresses of a group's members, in lower case."""

    def mail_groups(self) -> frozenset[str]:
        """Return the addresses of the tenant's groups, in lower case."""

    def department(self, mailbox: str) -> str | None:
        """Return the department of a mailbox's user, empty if there is none; None if it is not known."""


class DirectoryCache:
    """Reads each set from Graph every six hours; in an outage the last answer is used for up to a day.

    `Departments` says how long a department is kept.

    Every method raises Throttled, GraphUnavailable or Unauthorized if a set was not read for so long, but a
    later read may succeed. A set that Graph does not let Joinlink read is not known, and neither is a group
    that Graph shows empty. No call waits longer than `patience`.
    """

    def __init__(
        self,
        graph: Callable[[], DirectoryGraph],
        now: Callable[[], datetime],
        patience: timedelta = PATIENCE,
    ) -> None:
        self._graph = graph
        self._now = now
        self._patience = patience
        self._domains = CachedSet("verified domains", self._read_domains, now, patience)
        self._group_addresses = CachedSet(
            "groups with a mail address", lambda: graph().mail_groups(), now, patience, may_be_empty=True
        )
        self._members: dict[str, CachedSet] = {}
        self._departments = Departments(lambda mailbox: graph().department(mailbox), now, patience)

    def facts(self, policy: Policy, meeting: Meeting | None = None, *, organizer: str = "") -> Facts:
        """Return the facts that this policy needs; `meeting` is what Joinlink remembers of the event.

        The department is among them only with `organizer`, the object id of a mailbox: a desk shows it even
        if no decision depends on it. Others call `with_department`.
        """
        return Facts(
            meeting=meeting,
            tenant_domains=self.domains() if policy.needs_tenant_domains else None,
            members=self.members(policy.groups),
            lists=self.group_addresses() if policy.groups else frozenset(),
            department=self.department(organizer) if organizer and policy.needs_department else None,
        )

    def with_department(self, facts: Facts, event: Event, policy: Policy, mailbox: str) -> Facts:
        """Return the facts with the organizer's department if the decision about the event depends on it.

        Only the organizer's own copy of an event is decided by rules, so the organizer is the user of the
        mailbox, which is given by its object id.
        """
        if not depends_on_department(event, policy, facts, self._now()):
            return facts
        return replace(facts, department=self._departments.of(mailbox))

    def department(self, mailbox: str) -> str | None:
        """Return the department of a mailbox's user, empty if there is none; None if it is not known."""
        return self._departments.of(mailbox)

    def domains(self) -> frozenset[str] | None:
        """Return the tenant's verified domains in lower case, None if they are not known."""
        return self._domains.current()

    def members(self, groups: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Return the addresses of members in lower case, for each group whose members are known."""
        members = {group: self._members_of(group).current() for group in groups}
        return {group: addresses for group, addresses in members.items() if addresses is not None}

    def group_addresses(self) -> frozenset[str]:
        """Return the addresses of the tenant's groups, as far as they are known."""
        return self._group_addresses.current() or frozenset()

    def _read_domains(self) -> frozenset[str]:
        domains = self._graph().verified_domains()
        if not domains:  # every tenant has one, so Graph has failed
            raise GraphUnavailable("read the tenant's domains", detail="the answer has none")
        return domains

    def _members_of(self, group: str) -> CachedSet:
        def read() -> frozenset[str]:
            return self._graph().group_members(group)

        # If two threads create one at the same time, setdefault gives both the same.
        return self._members.setdefault(group, CachedSet(f"group {group}", read, self._now, self._patience))
