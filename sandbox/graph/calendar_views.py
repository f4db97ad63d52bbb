"""Keeps expanded calendar views, so that each page of a large calendar does not expand it again."""

from datetime import datetime
from typing import NamedTuple

from sandbox.graph.event import EventCopy
from sandbox.graph.mailboxes import HostedMailboxes

#: views that are paged through concurrently
_MOST = 64


class ViewKey(NamedTuple):
    """A time window of a calendar; `revision` is that of its mailbox."""

    mailbox: str
    calendar: str
    begin: datetime
    until: datetime
    revision: int


class CalendarViews:
    """The views read last. A view is built again after a change of its mailbox."""

    def __init__(self, mailboxes: HostedMailboxes) -> None:
        self._mailboxes = mailboxes
        self._kept: dict[ViewKey, list[EventCopy]] = {}

    def view(self, user_id: str, calendar_id: str, begin: datetime, until: datetime) -> list[EventCopy]:
        """Return single events and occurrences that overlap [begin, until), in the order of their starts."""
        key = ViewKey(user_id, calendar_id, begin, until, self._mailboxes.of(user_id).revision)
        view = self._kept.pop(key, None)
        if view is None:
            view = self._build(key)
        self._kept[key] = view
        if len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]
        return view

    def _build(self, key: ViewKey) -> list[EventCopy]:
        inside: list[EventCopy] = []
        for copy in self._mailboxes.in_calendar(key.mailbox, key.calendar):
            if copy.type == "seriesMaster":
                inside.extend(self._mailboxes.instances(copy, key.begin, key.until))
            elif copy.start < key.until and copy.end > key.begin:
                inside.append(copy)
        return sorted(inside, key=lambda copy: copy.start)
