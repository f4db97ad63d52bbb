"""The group that rules may name, and the scope: who was inside, and when."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from sandbox.graph import StandIn
from sandbox.graph.user import DirectoryUser
from sandbox.machine.record import GroupUse, TenantRules, since
from sandbox.promises import RULES_LAST


class PilotGroup:
    """A group of organizers, who join and leave. A guest is always in it, because Graph may hide members.

    Joinlink does not know who is in a group that shows no members.
    """

    def __init__(self, graph: StandIn, users: Iterable[DirectoryUser], now: Callable[[], datetime]) -> None:
        self._graph = graph
        self._users = tuple(users)
        self._now = now
        self._guest = graph.add_guest("Guest", "guest@northwind.com")
        everyone = frozenset(range(len(self._users)))
        self.id = graph.add_group("Pilots", [*self._users, self._guest])
        #: the numbers of its members, with the times at which they changed
        self.sets = [(now(), everyone)]

    @property
    def now(self) -> frozenset[int]:
        """The numbers of its members."""
        return self.sets[-1][1]

    def toggle(self, person: int) -> None:
        """Have a person join, or leave."""
        members = self.now ^ {person}
        self._graph.set_members(self.id, [*(self._users[number] for number in sorted(members)), self._guest])
        self.sets.append((self._now(), members))

    def since(self, moment: datetime) -> list[frozenset[int]]:
        """Return all memberships that applied at or after a moment."""
        return since(self.sets, moment)


class ScopeHistory:
    """Which mailboxes were in scope when, and when the app let each go."""

    def __init__(self, mailboxes: int) -> None:
        self._inside: tuple[list[tuple[datetime, bool]], ...] = tuple([] for _ in range(mailboxes))
        self._let_go: dict[int, datetime] = {}

    def note(self, now: datetime, rules: TenantRules, members: frozenset[int]) -> None:
        """Take rules and members that apply from now on."""
        for owner, states in enumerate(self._inside):
            is_inside = is_in_scope(rules, members, owner)
            if not states or states[-1][1] != is_inside:
                states.append((now, is_inside))

    def note_let_go(self, owner: int, now: datetime) -> None:
        """Take that a task ended which unsubscribed a mailbox."""
        self._let_go[owner] = now

    def is_inside(self, owner: int) -> bool:
        """Return whether a mailbox is in scope now."""
        return self._inside[owner][-1][1]

    def was_outside(self, owner: int) -> bool:
        """Return whether a mailbox was ever outside."""
        return not all(is_inside for _, is_inside in self._inside[owner])

    def may_write(self, owner: int, began: datetime) -> bool:
        """Return whether a message may lead to a write that was begun then.

        A mailbox that left the scope is written to until it is unsubscribed, and shortly after.
        """
        if True in since(self._inside[owner], began - RULES_LAST):
            return True
        left, _ = self._inside[owner][-1]
        let_go = self._let_go.get(owner)
        return let_go is None or let_go < left or let_go > began - RULES_LAST

    def outside(self) -> Iterator[int]:
        """Yield the mailboxes that are outside now."""
        return (owner for owner in range(len(self._inside)) if not self.is_inside(owner))


def is_in_scope(rules: TenantRules, members: frozenset[int], owner: int) -> bool:
    """Return whether the rules cover a mailbox."""
    is_excluded = rules.excludes_second and owner == 1
    return not is_excluded and (rules.uses_group is not GroupUse.SCOPE or owner in members)
