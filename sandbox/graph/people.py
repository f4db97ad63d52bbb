"""Changes that people make to events in Outlook, without a Graph call of the app."""

from collections.abc import Callable
from itertools import islice
from typing import Any

from sandbox.graph.event import EventCopy
from sandbox.graph.outlook import Outlook
from sandbox.graph.tenant import GraphTenant


class PeopleActions:
    """What people do with their calendars.

    A mailbox is given by its user's object id or address, an event by its mutable or immutable id. Returned
    ids are immutable. Every method raises `Refusal` if Exchange would refuse.
    """

    def __init__(self, tenant: GraphTenant, outlook: Outlook) -> None:
        self._tenant = tenant
        self._outlook = outlook

    def create(self, mailbox: str, /, **properties: Any) -> str:
        """Create an event in the default calendar from Graph properties; return its id."""
        with self._tenant.lock:
            owner = self._tenant.directory.owner(mailbox)
            calendar = self._tenant.mailboxes.of(owner.id).default_calendar
            return self._outlook.create(owner, calendar.id, properties).immutable_id

    def edit(self, mailbox: str, event_id: str, /, **properties: Any) -> None:
        """Change Graph properties of an event."""
        self._do(mailbox, event_id, lambda copy: self._outlook.update(copy, properties))

    def cancel(self, mailbox: str, event_id: str, /) -> None:
        """Cancel an event that this mailbox organizes."""
        self._do(mailbox, event_id, self._outlook.cancel)

    def delete(self, mailbox: str, event_id: str, /) -> None:
        """Delete an event from this mailbox."""
        self._do(mailbox, event_id, self._outlook.delete)

    def remove_link(self, mailbox: str, event_id: str, /) -> None:
        """Remove the join block from an event, which ends its online meeting."""
        self._do(mailbox, event_id, self._outlook.remove_link)

    def drift(self, mailbox: str, event_id: str, /, *, notify: bool = True) -> None:
        """Give an event a new version though nobody changed it; `notify` its subscribers or not."""
        self._do(mailbox, event_id, lambda copy: self._outlook.drift(copy, notify=notify))

    def move_to_calendar(self, mailbox: str, event_id: str, calendar_id: str, /) -> None:
        """Move an event to another calendar of its mailbox."""
        self._do(mailbox, event_id, lambda copy: self._outlook.move(copy, calendar_id))

    def change_occurrence(self, mailbox: str, master_id: str, index: int, /, **properties: Any) -> str:
        """Change one occurrence of a series, counted from 0; return the id of the exception."""
        with self._tenant.lock:
            master = self._find(mailbox, master_id)
            start = next(islice(master.starts(), index, None))
            instance = self._tenant.mailboxes.instance(master, start)
            self._outlook.update(instance, properties)
            return instance.immutable_id

    def _do(self, mailbox: str, event_id: str, action: Callable[[EventCopy], None]) -> None:
        with self._tenant.lock:
            action(self._find(mailbox, event_id))

    def _find(self, mailbox: str, event_id: str) -> EventCopy:
        return self._tenant.mailboxes.find(self._tenant.directory.owner(mailbox).id, event_id)
