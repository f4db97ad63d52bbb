"""The scope: which mailboxes the rules are for, as `mailboxes: {include, exclude}` defines it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from shared.domain.address import read_address, untagged
from shared.domain.mailbox import USERS_ONLY, Kinds
from shared.rules.truth import Truth, any_holds


class AllMailboxes(Enum):
    """Every mailbox of the tenant."""

    ALL = "all"


ALL = AllMailboxes.ALL


@dataclass(frozen=True, slots=True)
class GroupSelector:
    """Selects the mailboxes of a group's members; `id` is the group's object id."""

    id: str


@dataclass(frozen=True, slots=True)
class UserSelector:
    """Selects one mailbox by object id or address, in lower case."""

    name: str


MailboxSelector = GroupSelector | UserSelector


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxScope:
    """The mailboxes that are included and not excluded.

    `kinds` restricts `ALL` and groups; a mailbox that `include` names itself may be a shared one, too.
    """

    include: tuple[MailboxSelector, ...] | Literal[AllMailboxes.ALL] = ALL
    exclude: tuple[MailboxSelector, ...] = ()
    kinds: Kinds = USERS_ONLY

    @property
    def groups(self) -> frozenset[str]:
        """The ids of the groups whose members must be known."""
        included = () if self.include is ALL else self.include
        selectors = (*included, *self.exclude)
        return frozenset(selector.id for selector in selectors if isinstance(selector, GroupSelector))

    def excludes_user(self, name: str) -> bool:
        """Whether `exclude` names this object id or address itself; groups in `exclude` do not count.

        If `exclude` names an address, its plus addresses are excluded too.
        """
        address = read_address(name) or name.strip().lower()
        return not {UserSelector(address), UserSelector(untagged(address))}.isdisjoint(self.exclude)


def is_in_scope(scope: MailboxScope, names: frozenset[str], members: Mapping[str, frozenset[str]]) -> Truth:
    """Return whether a mailbox is in scope; None if that depends on a group whose members are not known.

    `names` are the mailbox's object id and addresses. `members` holds the same kind of names for each known
    group, by its id. All are in lower case.
    """
    included = True if scope.include is ALL else _is_any(scope.include, names, members)
    excluded = _is_any(scope.exclude, names, members)
    if included is False or excluded is True:
        return False
    return True if included and excluded is False else None


def _is_any(
    selectors: tuple[MailboxSelector, ...], names: frozenset[str], members: Mapping[str, frozenset[str]]
) -> Truth:
    return any_holds(_selects(selector, names, members) for selector in selectors)


def _selects(
    selector: MailboxSelector, names: frozenset[str], members: Mapping[str, frozenset[str]]
) -> Truth:
    if isinstance(selector, UserSelector):
        return selector.name in names
    return None if selector.id not in members else not names.isdisjoint(members[selector.id])
