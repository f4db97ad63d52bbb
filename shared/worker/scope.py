"""Who is to be watched, as the rules say and the directory knows."""

from collections.abc import Iterable

from shared.domain.mailbox import User as Account
from shared.errors import MailboxUnusable
from shared.graph.client import Graph
from shared.logs import logger
from shared.rules.mailboxes import ALL, Group, Mailboxes, Selector, User
from shared.storage.scope_file import ScopeFile


def read_scope(wanted: Mailboxes, graph: Graph, scope: ScopeFile) -> tuple[str, ...]:
    """Fill `scope`; return what makes one doubt that nobody is missing in it.

    An answer without anybody is doubtful: it may be a stutter of Graph's, and nobody is unsubscribed for it.

    Raises:
        GraphError: something could not be read; nothing is known of the scope then.
    """
    doubts: list[str] = []
    if wanted.include is ALL:
        _add(graph.users(), scope)
    else:
        for item, selector in enumerate(wanted.include, start=1):
            doubts += _include(selector, item, graph, scope)
    if "" in scope:
        scope.drop([""])
        doubts.append("the directory lists somebody whose id can't be read")
    if not len(scope):
        doubts.append("the directory names nobody")
    for selector in wanted.exclude:
        _exclude(selector, graph, scope)
    return tuple(doubts)


def _include(selector: Selector, item: int, graph: Graph, scope: ScopeFile) -> list[str]:
    """Add whom the selector names that is the so-manyth of its list; return what is doubtful about it."""
    if isinstance(selector, Group):
        found = _add(graph.group_users(selector.id), scope)
        return [] if found else [f"group {selector.id} has no members that are users"]
    account = _account(selector, graph)
    if account:
        _add([(account,)], scope)
    else:
        logger().warning("scope.user_missing", item=item)
    return []


def _exclude(selector: Selector, graph: Graph, scope: ScopeFile) -> None:
    if isinstance(selector, Group):
        for page in graph.group_users(selector.id):
            scope.drop(account.id for account in page)
    elif "@" not in selector.name:
        scope.drop([selector.name])
    elif account := _account(selector, graph):
        scope.drop([account.id])


def _account(selector: User, graph: Graph) -> Account | None:
    try:
        return graph.user(selector.name)
    except MailboxUnusable:  # nobody has this name
        return None


def _add(pages: Iterable[Iterable[Account]], scope: ScopeFile) -> int:
    found = 0
    for page in pages:
        accounts = [(account.id, account.no_calendar or "") for account in page]
        scope.add(accounts)
        found += len(accounts)
    return found
