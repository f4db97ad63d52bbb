"""Reads from the directory which mailboxes are in the scope of the rules."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from shared.domain.mailbox import Kinds, MailboxKind, NoCalendar, User as Account, kinds_text
from shared.errors import GraphError
from shared.graph.client import Graph
from shared.logs import logger
from shared.rules.mailbox_scope import ALL, GroupSelector, MailboxScope, MailboxSelector, UserSelector
from shared.storage.sorted_id_file import SortedIdFile

#: An admin who names a mailbox knows what it is.
KINDS_OF_NAMED: Kinds = frozenset({MailboxKind.USER, MailboxKind.SHARED})
_SHARED_ONLY: Kinds = frozenset({MailboxKind.SHARED})
_HIDDEN = "a hidden membership needs Member.Read.Hidden"


def read_scope(
    rules: MailboxScope,
    graph: Graph,
    scope: SortedIdFile,
    before_page: Callable[[], None] = lambda: None,
    *,
    kinds_of_named: Kinds = KINDS_OF_NAMED,
) -> tuple[str, ...]:
    """Fill `scope`; return the doubts: why it may have too few or too many mailboxes, for an admin.

    An empty answer proves nothing: Graph may have failed, or hides the members. Nor does a name without a
    user: its owner may have another name now. `before_page` is called before each page, and may raise an
    error that ends the reading. A mailbox that `include` names must be of one of `kinds_of_named`.

    Raises:
        GraphError: an answer is missing; nothing is known of the scope then.
    """
    return _ScopeReader(graph, scope, before_page, kinds_of_named).read(rules)


class _ScopeReader:
    """Reads the scope once."""

    def __init__(
        self, graph: Graph, scope: SortedIdFile, before_page: Callable[[], None], kinds_of_named: Kinds
    ) -> None:
        self._graph = graph
        self._scope = scope
        self._before_page = before_page
        self._kinds_of_named = kinds_of_named

    def read(self, rules: MailboxScope) -> tuple[str, ...]:
        doubts: list[str] = []
        if rules.include is ALL:
            self._add(self._graph.users(), rules.kinds)
        else:
            # Names first: what they say about a mailbox holds, whatever groups it is in.
            items = enumerate(rules.include, start=1)
            for item, selector in sorted(items, key=lambda one: isinstance(one[1], GroupSelector)):
                doubts += self._include(selector, item, rules.kinds)
        if "" in self._scope:
            self._scope.remove([""])
            doubts.append("the directory lists a user with an id that can't be read")
        if not len(self._scope):
            doubts.append("the directory lists no users in scope")
        for item, selector in enumerate(rules.exclude, start=1):
            doubts += self._exclude(selector, item)
        return tuple(doubts)

    def _include(self, selector: MailboxSelector, item: int, kinds: Kinds) -> list[str]:
        if isinstance(selector, GroupSelector):
            has_members = self._add(self._graph.group_users(selector.id), kinds)
            return [] if has_members else [_empty_group(selector, "include")]
        if self._add([self._find(selector)], self._kinds_of_named):
            return []
        logger().warning("scope.user_missing", item=item, list="include")
        return [self._why_missing(selector, f"item {item} of mailboxes: include")]

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

    def _why_missing(self, selector: UserSelector, item: str) -> str:
        """Return why a name has no user; it may be the address of a group."""
        group = ""
        with suppress(GraphError):  # the permission may be missing: it is a hint only
            group = self._graph.find_group(selector.name)
        if not group:
            return f"no user has the name in {item}"
        members = f"{{group: {group}}} includes its members' mailboxes"
        return f"{item} names a group, whose own calendar no application can write to; {members}"

    def _add(self, pages: Iterable[Iterable[Account]], kinds: Kinds) -> int:
        """Add users to the scope whose mailboxes must be of these kinds; return how many."""
        count = 0
        for page in pages:
            self._before_page()
            items = [(account.id, _scope_text(account, kinds)) for account in page]
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


def why_unusable(text: str) -> str:
    """Return why a mailbox with this text in the scope can't be watched; empty if it can."""
    return text if text in set(NoCalendar) else ""


def _scope_text(account: Account, kinds: Kinds) -> str:
    """Return why a mailbox can't be watched, else the kinds of which it must be.

    Shared mailboxes have disabled accounts; a person's mailbox with one is not watched.
    """
    if account.no_calendar is NoCalendar.ACCOUNT_DISABLED and MailboxKind.SHARED in kinds:
        return kinds_text(_SHARED_ONLY)
    return account.no_calendar or kinds_text(kinds)


def _empty_group(group: GroupSelector, where: str) -> str:
    return f"group {group.id} in mailboxes: {where} shows no members that are users; {_HIDDEN}"
