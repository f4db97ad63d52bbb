"""Whether the rules are for the mailbox of the event that is looked at, as a note beside the decision."""

from collections.abc import Iterator, Mapping

from shared.domain.decision import Reason
from shared.rules.mailboxes import ALL, Mailboxes, User, in_scope


def notes(
    mailboxes: Mailboxes, names: frozenset[str], members: Mapping[str, frozenset[str]]
) -> Iterator[str]:
    """Yield what an admin should know.

    `names` are those of the mailbox that are known, object id and addresses, and `members` the addresses of
    groups' members, all in lower case.
    """
    selectors = (*(() if mailboxes.include is ALL else mailboxes.include), *mailboxes.exclude)
    if not names or not selectors:
        return
    found = in_scope(mailboxes, names, members)
    excluded = in_scope(Mailboxes(exclude=mailboxes.exclude), names, members) is False
    by_id = any(isinstance(one, User) and "@" not in one.name for one in selectors)
    knows_id = any("@" not in name for name in names)
    if excluded or (found is False and (knows_id or not by_id)):
        yield f"{Reason.NOT_IN_SCOPE}: mailboxes leaves this one out, so the worker skips the event anyway"
    elif not found or (by_id and not knows_id):
        yield "whether mailboxes includes this one can't be told here; if it does not, the event is skipped"
