"""What people do to events in Outlook: changes that come about without a Graph call."""

from collections.abc import Callable
from itertools import islice
from threading import RLock
from typing import Any

from sandbox.graph.directory import TenantDirectory
from sandbox.graph.event import EventCopy
from sandbox.graph.mailboxes import HostedMailboxes
from sandbox.graph.outlook import Outlook


class PeopleActions:
    """The people of the tenant at their calendars.

    A mailbox is named by its user's object id or address, an event by an id of either form. Ids that are
    returned are immutable ones. Every method raises `Refusal` where Exchange would refuse.
    """

    def __init__(
        self, *, directory: TenantDirectory, mailboxes: HostedMailboxes, outlook: Outlook, lock: RLock
    ) -> None:
        self._directory = directory
        self._mailboxes = mailboxes
        self._outlook = outlook
        self._lock = lock

    def create(self, mailbox: str, /, **properties: Any) -> str:
        """Make an event in the default calendar from Graph properties; return its id."""
        with self._lock:
            owner = self._directory.owner(mailbox)
            calendar = self._mailboxes.of(owner.id).default_calendar
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
        """Take the join block out of an event, which ends its online meeting."""
        self._do(mailbox, event_id, self._outlook.remove_link)

    def drift(self, mailbox: str, event_id: str, /, *, tell: bool = True) -> None:
        """Have Exchange give an event a new version though nobody did anything; `tell` its subscribers."""
        self._do(mailbox, event_id, lambda copy: self._outlook.drift(copy, tell=tell))

    def move_to_calendar(self, mailbox: str, event_id: str, calendar_id: str, /) -> None:
        """Move an event to another calendar of its mailbox."""
        self._do(mailbox, event_id, lambda copy: self._outlook.move(copy, calendar_id))

    def change_occurrence(self, mailbox: str, master_id: str, index: int, /, **properties: Any) -> str:
        """Change one occurrence of a series, counted from 0; return the id of the exception."""
        with self._lock:
            master = self._find(mailbox, master_id)
            start = next(islice(master.starts(), index, None))
            instance = self._mailboxes.instance(master, start)
            self._outlook.update(instance, properties)
            return instance.immutable_id

    def _do(self, mailbox: str, event_id: str, action: Callable[[EventCopy], None]) -> None:
        with self._lock:
            action(self._find(mailbox, event_id))

    def _find(self, mailbox: str, event_id: str) -> EventCopy:
        return self._mailboxes.find(self._directory.owner(mailbox).id, event_id)
