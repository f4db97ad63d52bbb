"""What a decision may know beyond the event itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.meeting import Meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts read for one decision; None means not known, never "no".

    `meeting` is what we remember of the event (None where we remember nothing), `tenant_domains` the
    tenant's verified domains, which `internal_domains: auto` stands for. `members` holds, by the id of each
    group that could be read, the addresses of its members in lower case; a group that is not in it is not
    known (`Policy.groups` tells which ones are asked for). A group's own addresses are among its members'.
    `lists` are the addresses of the tenant's groups, as far as known: another one's members may be anybody.
    """

    meeting: Meeting | None = None
    tenant_domains: frozenset[str] | None = None
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
