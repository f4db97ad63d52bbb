"""Reads from the directory which mailboxes are in the scope of the rules."""

from collections.abc import Callable, Iterable

from shared.domain.mailbox import User as Account
from shared.graph.client import Graph
from shared.logs import logger
from shared.rules.mailbox_scope import ALL, GroupSelector, MailboxScope, MailboxSelector, UserSelector
from shared.storage.sorted_id_file import SortedIdFile

_HIDDEN = "a hidden membership needs Member.Read.Hidden"


def read_scope(
    rules: MailboxScope, graph: Graph, scope: SortedIdFile, before_page: Callable[[], None] = lambda: None
) -> tuple[str, ...]:
    """Fill `scope`; return the doubts: why it may have too few or too many mailboxes, for an admin.

    An empty answer proves nothing: Graph may have failed, or hides the members. Nor does a name without a
    user: its owner may have another name now. `before_page` is called before each page, and may raise an
    error that ends the reading.

    Raises:
        GraphError: an answer is missing; nothing is known of the scope then.
    """
    return _ScopeReader(graph, scope, before_page).read(rules)


class _ScopeReader:
    """Reads the scope once."""

    def __init__(self, graph: Graph, scope: SortedIdFile, before_page: Callable[[], None]) -> None:
        self._graph = graph
        self._scope = scope
        self._before_page = before_page

    def read(self, rules: MailboxScope) -> tuple[str, ...]:
        doubts: list[str] = []
        if rules.include is ALL:
            self._add(self._graph.users())
        else:
            for item, selector in enumerate(rules.include, start=1):
                doubts += self._include(selector, item)
        if "" in self._scope:
            self._scope.remove([""])
            doubts.append("the directory lists a user with an id that can't be read")
        if not len(self._scope):
            doubts.append("the directory lists no users in scope")
        for item, selector in enumerate(rules.exclude, start=1):
            doubts += self._exclude(selector, item)
        return tuple(doubts)

    def _include(self, selector: MailboxSelector, item: int) -> list[str]:
        if isinstance(selector, GroupSelector):
            has_members = self._add(self._graph.group_users(selector.id))
            return [] if has_members else [_empty_group(selector, "include")]
        if self._add([self._find(selector)]):
            return []
        logger().warning("scope.user_missing", item=item, list="include")
        return [f"no user has the name in item {item} of mailboxes: include"]

    def _exclude(self, selector: MailboxSelector, item: int) -> list[str]:
        if isinstance(selector, GroupSelector):
            has_members = self._remove(self._graph.group_users(selector.id))
            return [] if has_members else [_empty_group(selector, "exclude")]
        if "@" not in selector.name:
            self._scope.remove([selector.name])
            return []
        if not self._remove([self._find(selector)]):
            # A user that does not exist can't be watched either, so the scope is certain.
            logger().warning("scope.user_missing", item=item, list="exclude")
        return []

    def _find(self, selector: UserSelector) -> tuple[Account, ...]:
        """Return the users that have the name: an object id, a sign-in name or any address."""
        self._before_page()
        return self._graph.find_users(selector.name)

    def _add(self, pages: Iterable[Iterable[Account]]) -> int:
        """Add users to the scope; return how many."""
        count = 0
        for page in pages:
            self._before_page()
            items = [(account.id, account.no_calendar or "") for account in page]
            self._scope.add(items)
            count += len(items)
        return count

    def _remove(self, pages: Iterable[Iterable[Account]]) -> int:
        """Remove users from the scope; return how many the pages list."""
        count = 0
        for page in pages:
            self._before_page()
            ids = [account.id for account in page]
            self._scope.remove(ids)
            count += len(ids)
        return count


def _empty_group(group: GroupSelector, where: str) -> str:
    return f"group {group.id} in mailboxes: {where} shows no members that are users; {_HIDDEN}"
