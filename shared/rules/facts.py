"""What a decision may know beyond the event itself."""

from dataclasses import dataclass

from shared.domain.meeting import Meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts read for one decision; None means not known, never "no".

    `meeting` is what we remember of the event (None where we remember nothing), `tenant_domains` the
    tenant's verified domains, which `internal_domains: auto` stands for.
    """

    meeting: Meeting | None = None
    tenant_domains: frozenset[str] | None = None
