"""Mail domains: sets of domains, and the domain of an address."""

from collections.abc import Collection

from shared.domain.address import read_address

#: marks the user principal name of a guest, which ends with the host tenant's domain
_GUEST = "#ext#"


class Domains:
    """A set of domains: exact names, and `*.name` for all subdomains. Letter case does not matter."""

    def __init__(self, patterns: Collection[str]) -> None:
        folded = [pattern.lower().rstrip(".") for pattern in patterns]
        self._exact = frozenset(pattern for pattern in folded if not pattern.startswith("*."))
        self._parents = tuple(pattern[1:] for pattern in folded if pattern.startswith("*."))

    def __contains__(self, domain: str) -> bool:
        return domain in self._exact or (bool(self._parents) and domain.endswith(self._parents))


NO_DOMAINS = Domains(())


def is_guest(address: str) -> bool:
    """Whether the address is of a guest account, such as `bo_fabrikam.com#EXT#@contoso.onmicrosoft.com`."""
    return _GUEST in address.lower()


def home_address(address: str) -> str:
    """Return the canonical address; for a guest account, the one in the guest's own tenant.

    If the address can't be read, it is returned in lower case.
    """
    folded = read_address(address) or address.strip().lower()
    name, guest, _ = folded.partition(_GUEST)
    user, mark, domain = name.rpartition("_")
    return f"{user}@{domain}" if guest and mark else folded


def domain_of(address: str) -> str | None:
    """Return an address's domain in canonical form; None if the address can't be read (`/o=Exchange…`)."""
    read = read_address(address)
    return read.rpartition("@")[2] if read else None
