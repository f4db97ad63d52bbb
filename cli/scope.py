"""Whether the rules are for the mailbox of the event that is looked at, as notes beside the decision."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.domain.decision import Reason
from shared.rules.mailbox_scope import ALL, MailboxScope, is_in_scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose mailbox it is, as far as known; all names are in lower case."""

    #: by which the directory finds them: object id and user principal name
    names: frozenset[str]
    #: by which the worker knows them with an event in its hands: object id and the organizer's address
    at_work: frozenset[str]
    #: how to name them to an admin; empty where `names` may lack one
    called: str = ""


def notes(mailboxes: MailboxScope, owner: Owner, members: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Yield what an admin should know; `members` are the addresses of groups' members, in lower case."""
    if not owner.names or (mailboxes.include is ALL and not mailboxes.exclude):
        return
    if any(map(mailboxes.excludes_user, owner.at_work)):
        yield f"{Reason.NOT_IN_SCOPE}: exclude names this mailbox, so the worker skips the event"
        return
    found = is_in_scope(mailboxes, owner.names, members)
    if found is False and owner.called:
        yield (
            f"{Reason.NOT_IN_SCOPE}: mailboxes leaves {owner.called} out; if it was watched before, "
            "its events are skipped once two runs of maintenance agree on that"
        )
    elif not found or (mailboxes.exclude and not owner.called):
        yield "whether mailboxes includes this one can't be told here; if it does not, the event is skipped"
