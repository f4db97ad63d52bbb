"""The named lists of domains and addresses that stand in rule files."""

import re
from dataclasses import dataclass, field
from functools import cached_property

from shared.domain.mail_domains import Domains

#: without a dot, so that no name can be taken for a domain
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE | re.ASCII)


class NamedList:
    """One list; its words are domains and addresses in lower case."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """The domains, as they are written."""
        return tuple(word for word in self.words if "@" not in word)

    @cached_property
    def any_domain(self) -> Domains:
        """The set that the domains describe."""
        return Domains(self.domains)

    @cached_property
    def addresses(self) -> frozenset[str]:
        """The addresses."""
        return frozenset(word for word in self.words if "@" in word)


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists by name; `used` collects the names that are referred to, each with the word that does it."""

    named: dict[str, NamedList] = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)
