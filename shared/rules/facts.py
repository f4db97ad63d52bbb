"""The facts that a decision needs besides the event itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.meeting import Meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts that were read for one decision. None always means "not known", never "no"."""

    #: what Joinlink remembers of the event; None also if it has no record
    meeting: Meeting | None = None
    #: the tenant's verified domains, for `internal_domains: auto`
    tenant_domains: frozenset[str] | None = None
    #: The addresses of members in lower case, by the id of the group, for each group that could be read. They
    #: include the group's own addresses. `Policy.groups` are the groups that the rules need.
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: addresses of all groups of the tenant, as far as known; it is not known who is behind them
    lists: frozenset[str] = frozenset()
    #: the organizer's department in the directory, empty if there is none; None also if it was not read, as
    #: the decision does not depend on it
    department: str | None = None
