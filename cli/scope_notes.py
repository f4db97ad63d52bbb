"""Notes on whether the mailbox of an explained event is in scope."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.domain.decision import Reason
from shared.rules.mailbox_scope import ALL, MailboxScope, is_in_scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The owner of the mailbox, as far as known. All names are in lower case."""

    #: names in the directory: object id and user principal name
    names: frozenset[str]
    #: names that the worker knows when it handles an event: object id and the organizer's address
    worker_names: frozenset[str]
    #: the name to show; empty if `names` may be incomplete
    shown_name: str = ""


def scope_notes(scope: MailboxScope, owner: Owner, members: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Yield notes for the admin. `members` are the addresses of groups' members, in lower case."""
    if not owner.names or (scope.include is ALL and not scope.exclude):
        return
    if any(map(scope.excludes_user, owner.worker_names)):
        yield f"{Reason.NOT_IN_SCOPE}: exclude names this mailbox, so the worker skips the event"
        return
    in_scope = is_in_scope(scope, owner.names, members)
    if in_scope is False and owner.shown_name:
        yield (
            f"{Reason.NOT_IN_SCOPE}: {owner.shown_name} is not in scope; if it was watched before, "
            "its events are skipped after two runs of maintenance agree"
        )
    elif not in_scope or (scope.exclude and not owner.shown_name):
        yield "it is not known here whether this mailbox is in scope; if it is not, the event is skipped"
