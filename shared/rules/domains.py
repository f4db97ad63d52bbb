"""Mail domains: which one an address has, and whose it is."""

import re
from collections.abc import Collection
from functools import lru_cache

#: `contoso.com`, or `*.contoso.com` for its subdomains only
PATTERN = re.compile(
    r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]",
    re.IGNORECASE | re.ASCII,
)
_TOLD = re.compile(r"[^\s@/]+@([^\s@/\\]+)")
#: as people write an address; in events, more than this is one
_ADDRESS = re.compile(r"[^\s@/:*<>\"(),;\[\]]+@[^\s@/\\:*<>\"(),;\[\]]+")
#: A guest's user principal name carries the host tenant's domain, but the guest is not of the house.
_GUEST = "#ext#"


class Domains:
    """A set of domains, written as exact names and `*.name` for subdomains; letters are case-blind."""

    def __init__(self, patterns: Collection[str]) -> None:
        folded = [pattern.lower().rstrip(".") for pattern in patterns]
        self._exact = frozenset(pattern for pattern in folded if not pattern.startswith("*."))
        self._parents = tuple(pattern[1:] for pattern in folded if pattern.startswith("*."))

    def __contains__(self, domain: str) -> bool:
        return domain in self._exact or (bool(self._parents) and domain.endswith(self._parents))


NO_DOMAINS = Domains(())


@lru_cache(maxsize=64)
def domains_of(patterns: frozenset[str] | tuple[str, ...]) -> Domains:
    """Return the set that the patterns describe; a policy or a tenant asks again and again for the same."""
    return Domains(patterns)


def is_guest(address: str) -> bool:
    """Whether the address is a guest's, such as `bo_fabrikam.com#EXT#@contoso.onmicrosoft.com`."""
    return _GUEST in address.lower()


def home_address(address: str) -> str:
    """Return the address in lower case; of a guest's user principal name, the one they have at home."""
    folded = address.strip().lower()
    name, guest, _ = folded.partition(_GUEST)
    user, mark, domain = name.rpartition("_")
    return f"{user}@{domain}" if guest and mark else folded


def is_address(word: str) -> bool:
    """Whether a word of a rule file is an address, and not a pattern or a link to one."""
    return _ADDRESS.fullmatch(word.strip()) is not None


def domain_of(address: str) -> str | None:
    """Return an SMTP address's domain in lower case; None where it can't be told (empty, `/o=Exchange…`)."""
    found = _TOLD.fullmatch(address.strip())
    return found[1].lower().rstrip(".") or None if found else None
