"""Which mailboxes the rules are for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from shared.domain.address import read_address, untagged
from shared.rules.truth import Truth, any_holds


class Everybody(Enum):
    """All mailboxes of the tenant."""

    ALL = "all"


ALL = Everybody.ALL


@dataclass(frozen=True, slots=True)
class Group:
    """The members of a group, by its object id."""

    id: str


@dataclass(frozen=True, slots=True)
class User:
    """One mailbox, by object id or address, in lower case."""

    name: str


Selector = Group | User


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailboxes:
    """The mailboxes that are included and not excluded."""

    include: tuple[Selector, ...] | Literal[Everybody.ALL] = ALL
    exclude: tuple[Selector, ...] = ()

    @property
    def groups(self) -> frozenset[str]:
        """The groups whose members must be known."""
        included = () if self.include is ALL else self.include
        return frozenset(one.id for one in (*included, *self.exclude) if isinstance(one, Group))

    def leaves_out(self, name: str) -> bool:
        """Return whether this object id or address is taken out; what groups take out is not asked.

        A plus address of somebody who is taken out is taken out, too.
        """
        address = read_address(name) or name.strip().lower()
        return not {User(address), User(untagged(address))}.isdisjoint(self.exclude)


def in_scope(mailboxes: Mailboxes, names: frozenset[str], members: Mapping[str, frozenset[str]]) -> Truth:
    """Return whether the rules are for a mailbox; None where a group that matters is not known.

    `names` are its object id and addresses, `members` holds the same kind of names for each known group;
    all in lower case. This only answers the question: who is watched, and that others are left alone, is
    the business of the worker.
    """
    included = True if mailboxes.include is ALL else _among(mailboxes.include, names, members)
    excluded = _among(mailboxes.exclude, names, members)
    if included is False or excluded is True:
        return False
    return True if included and excluded is False else None


def _among(
    selectors: tuple[Selector, ...], names: frozenset[str], members: Mapping[str, frozenset[str]]
) -> Truth:
    return any_holds(_selects(one, names, members) for one in selectors)


def _selects(selector: Selector, names: frozenset[str], members: Mapping[str, frozenset[str]]) -> Truth:
    if isinstance(selector, User):
        return selector.name in names
    return None if selector.id not in members else not names.isdisjoint(members[selector.id])
