"""Finds the calendars that a mailbox owns. The sweep and the backfill use it."""

from collections.abc import Iterable

from shared.domain.mailbox import ListedCalendar


def owned_calendars(listed: Iterable[ListedCalendar]) -> tuple[str, ...]:
    """Return the ids of the calendars, without the default one, that their mailbox owns and can edit.

    The mailbox owns its default calendar, so a calendar with the same owner is its own. One with another
    owner is shared in, or belongs to a group. Birthdays and holidays can't be edited. If the list shows no
    owner of the default calendar, nothing is known of the others.
    """
    calendars = tuple(listed)
    owners = {one.owner for one in calendars if one.is_default}
    if len(owners) != 1 or "" in owners:
        return ()
    found = (one.id for one in calendars if one.can_edit and not one.is_default and one.owner in owners)
    return tuple(dict.fromkeys(found))
