"""The named lists of domains and addresses in rule files."""

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property

from shared.domain.mail_domains import Domains

#: the name of a list; without a dot, so that it can't be confused with a domain
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE | re.ASCII)


class ListUse(Enum):
    """What a list is used for."""

    #: the company's own domains
    OWN_DOMAINS = auto()
    #: people who are invited
    GUESTS = auto()
    #: other people
    PEOPLE = auto()


class NamedList:
    """One list; its entries are domains and addresses in lower case."""

    def __init__(self, entries: tuple[str, ...]) -> None:
        self.entries = entries

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """The domains, in order."""
        return tuple(entry for entry in self.entries if "@" not in entry)

    @cached_property
    def any_domain(self) -> Domains:
        """The domains as a set that includes subdomains."""
        return Domains(self.domains)

    @cached_property
    def addresses(self) -> frozenset[str]:
        """The addresses."""
        return frozenset(entry for entry in self.entries if "@" in entry)


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists by name; `used` collects the names that rules refer to, and what for."""

    named: dict[str, NamedList] = field(default_factory=dict)
    used: set[tuple[str, ListUse]] = field(default_factory=set)
