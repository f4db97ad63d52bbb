"""Why the rules of a set are not for a mailbox."""

from collections.abc import Callable

from shared.desk.preview.patience import Patience
from shared.desk.preview.preview_scope import ScopeEntry
from shared.domain.decision import Reason
from shared.domain.mailbox import kinds_from, reason_against
from shared.errors import GraphError, MailboxUnusable, NotConnected, Throttled, Unauthorized
from shared.graph.client import Graph
from shared.worker.mailboxes.scope import why_unusable

_OF_OTHER_KIND = {
    Reason.ROOM: "it is in the calendar of a room or device",
    Reason.KIND_NOT_IN_SCOPE: "the rules do not include this kind of mailbox",
}


#: errors that say nothing about what a mailbox is for
_GENERAL = (MailboxUnusable, Throttled, Unauthorized, NotConnected)


def scope_obstacles(
    entry: ScopeEntry, graph: Graph, patience: Patience, known_purpose: Callable[[str], str]
) -> tuple[str, ...]:
    """Return for each rule set why its rules are not for the mailbox; empty if they are.

    As in the app, the last known purpose counts if Graph does not say what a mailbox is for, and without one
    an enabled account counts as a person's. `known_purpose` returns it, empty if there is none.

    Raises:
        MailboxUnusable: there is no mailbox.
        Throttled, Unauthorized, NotConnected: Graph does not answer now.
        StorageUnavailable: the last known purpose can't be read.
    """
    purpose = ""
    try:
        purpose = patience.call(lambda: graph.mailbox_purpose(entry.mailbox))
    except _GENERAL:
        raise
    except GraphError:
        pass
    purpose = purpose or known_purpose(entry.mailbox)
    return tuple(_obstacle(text, purpose) for text in entry.texts)


def _obstacle(text: str | None, purpose: str) -> str:
    if text is None:
        return "the rules do not include this mailbox"
    if no_calendar := why_unusable(text):
        return f"the rules do not include it: {no_calendar.replace('_', ' ')}"
    reason = reason_against(purpose, kinds_from(text))
    return _OF_OTHER_KIND[reason] if reason else ""
