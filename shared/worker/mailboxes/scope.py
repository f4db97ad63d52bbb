"""Who is to be watched, as the rules say and the directory knows."""

from collections.abc import Callable, Iterable

from shared.domain.mailbox import User as Account
from shared.graph.client import Graph
from shared.logs import logger
from shared.rules.mailbox_scope import ALL, GroupSelector, MailboxScope, MailboxSelector, UserSelector
from shared.storage.scope_file import ScopeFile

_HIDDEN = "a hidden membership needs Member.Read.Hidden"


def read_scope(
    wanted: MailboxScope, graph: Graph, scope: ScopeFile, still: Callable[[], None] = lambda: None
) -> tuple[str, ...]:
    """Fill `scope`; return why it may hold too few or too many, in words for an admin.

    An answer without anybody is no fact: Graph may have stuttered, or keeps the members from us. Neither is a
    name that nobody has: its owner may have another by now. `still` is called before each page, and raises
    what shall end the reading.

    Raises:
        GraphError: something could not be read; nothing is known of the scope then.
    """
    return _Reading(graph, scope, still).read(wanted)


class _Reading:
    """One reading of the scope."""

    def __init__(self, graph: Graph, scope: ScopeFile, still: Callable[[], None]) -> None:
        self._graph = graph
        self._scope = scope
        self._still = still

    def read(self, wanted: MailboxScope) -> tuple[str, ...]:
        doubts: list[str] = []
        if wanted.include is ALL:
            self._add(self._graph.users())
        else:
            for item, selector in enumerate(wanted.include, start=1):
                doubts += self._include(selector, item)
        if "" in self._scope:
            self._scope.drop([""])
            doubts.append("the directory lists a user with an id that can't be read")
        if not len(self._scope):
            doubts.append("the directory names nobody")
        for item, selector in enumerate(wanted.exclude, start=1):
            doubts += self._exclude(selector, item)
        return tuple(doubts)

    def _include(self, selector: MailboxSelector, item: int) -> list[str]:
        if isinstance(selector, GroupSelector):
            return [] if self._add(self._graph.group_users(selector.id)) else [_empty(selector, "include")]
        found = self._found(selector)
        if found:
            self._add([found])
            return []
        logger().warning("scope.user_missing", item=item, list="include")
        return [f"nobody has the name of item {item} of mailboxes: include"]

    def _exclude(self, selector: MailboxSelector, item: int) -> list[str]:
        if isinstance(selector, GroupSelector):
            return [] if self._drop(self._graph.group_users(selector.id)) else [_empty(selector, "exclude")]
        if "@" not in selector.name:
            self._scope.drop([selector.name])
            return []
        if not self._drop([self._found(selector)]):
            # Who has left can't be watched either, so this makes nothing doubtful.
            logger().warning("scope.user_missing", item=item, list="exclude")
        return []

    def _found(self, selector: UserSelector) -> tuple[Account, ...]:
        """Return whoever has the name: object id, sign-in name or any address."""
        self._still()
        return self._graph.find_users(selector.name)

    def _add(self, pages: Iterable[Iterable[Account]]) -> int:
        found = 0
        for page in pages:
            self._still()
            accounts = [(account.id, account.no_calendar or "") for account in page]
            self._scope.add(accounts)
            found += len(accounts)
        return found

    def _drop(self, pages: Iterable[Iterable[Account]]) -> int:
        found = 0
        for page in pages:
            self._still()
            accounts = [account.id for account in page]
            self._scope.drop(accounts)
            found += len(accounts)
        return found


def _empty(group: GroupSelector, where: str) -> str:
    return f"group {group.id} in mailboxes: {where} shows no members that are users; {_HIDDEN}"
