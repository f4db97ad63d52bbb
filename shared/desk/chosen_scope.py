"""Reads which mailboxes a command works with: those that the admin names and the rules include."""

from dataclasses import replace

from shared.graph.client import Graph
from shared.rules.mailbox_scope import ALL, MailboxScope, MailboxSelector
from shared.storage.sorted_id_file import SortedIdFile
from shared.worker.mailboxes.scope import read_scope


def read_chosen_scope(
    rules: MailboxScope, selector: MailboxSelector | None, graph: Graph, scope: SortedIdFile
) -> tuple[str, ...]:
    """Write to `scope` the mailboxes that the selector names and the rules include; None names all.

    Returns the reasons why mailboxes may be missing. Raises GraphError.
    """
    if selector is None:
        return read_scope(rules, graph, scope)
    chosen = replace(rules, include=(selector,))
    # A name in a command is not a name in the rules, so it includes no further kinds of mailboxes.
    doubts = read_scope(chosen, graph, scope, kinds_of_named=rules.kinds)
    if rules.include is ALL:
        return doubts
    with SortedIdFile() as whole:
        doubts += read_scope(rules, graph, whole)
        included = [(mailbox, text) for mailbox, text in whole if mailbox in scope]
    scope.clear()
    scope.add(included)
    return doubts
