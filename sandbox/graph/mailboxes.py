"""Mailboxes with their calendars and copies of events, found by id, calendar or meeting."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from sandbox.graph import ids as id_forms
from sandbox.graph.directory import TenantDirectory
from sandbox.graph.errors import item_not_found, malformed_id
from sandbox.graph.event import EventCopy
from sandbox.graph.ids import Ids


@dataclass(slots=True, kw_only=True, eq=False)
class HostedCalendar:
    """A calendar and the meeting providers it offers; `unknown` means no default.

    `owner` is the emailAddress of another owner, who shares it; None for the mailbox's own calendars.
    """

    id: str
    name: str
    change_key: str
    default_provider: str
    allowed_providers: tuple[str, ...]
    is_default: bool
    owner: dict[str, str] | None = None
    can_edit: bool = True


@dataclass(slots=True, kw_only=True, eq=False)
class HostedMailbox:
    """One user's calendars and events; events are kept by their immutable id.

    `revision` changes with every change of an event; the first read of an occurrence is none.
    """

    calendars: dict[str, HostedCalendar] = field(default_factory=dict)
    events: dict[str, EventCopy] = field(default_factory=dict)
    revision: int = 0

    @property
    def default_calendar(self) -> HostedCalendar:
        """The primary calendar."""
        return next(calendar for calendar in self.calendars.values() if calendar.is_default)

    def calendar(self, calendar_id: str) -> HostedCalendar:
        """Return a calendar.

        Raises:
            Refusal: 400, the id is malformed; 404, there is no such calendar.
        """
        if calendar_id in self.calendars:
            return self.calendars[calendar_id]
        raise item_not_found() if id_forms.is_well_formed(calendar_id) else malformed_id()


class HostedMailboxes:
    """All mailboxes of the tenant; each is created when it is first used."""

    def __init__(self, ids: Ids, directory: TenantDirectory) -> None:
        self._ids = ids
        self._directory = directory
        self._mailboxes: dict[str, HostedMailbox] = {}
        self._by_uid: dict[str, dict[str, EventCopy]] = {}
        self._by_mutable_id: dict[str, EventCopy] = {}

    def add_calendar(
        self,
        mailbox: HostedMailbox,
        name: str,
        default_provider: str,
        allowed_providers: tuple[str, ...],
        *,
        owner: dict[str, str] | None = None,
        can_edit: bool = True,
    ) -> HostedCalendar:
        """Add a calendar; a mailbox's first is its default one."""
        calendar = HostedCalendar(
            id=self._ids.mutable(),
            name=name,
            change_key=self._ids.change_key(),
            default_provider=default_provider,
            allowed_providers=allowed_providers,
            is_default=not mailbox.calendars,
            owner=owner,
            can_edit=can_edit,
        )
        mailbox.calendars[calendar.id] = calendar
        return calendar

    def of(self, user_id: str) -> HostedMailbox:
        """Return a user's mailbox. The caller checks that the user has one."""
        return self._mailboxes.get(user_id) or self._open(user_id)

    def is_used(self, user_id: str) -> bool:
        """Return whether a mailbox has been created; until then it has no events."""
        return user_id in self._mailboxes

    def put(self, copy: EventCopy) -> None:
        """Put a copy into its mailbox."""
        self.of(copy.mailbox).events[copy.immutable_id] = copy
        self._by_mutable_id[copy.mutable_id] = copy
        if not copy.master:
            self._by_uid.setdefault(copy.uid, {})[copy.mailbox] = copy
            self.note_change(copy)

    def remove(self, copy: EventCopy) -> None:
        """Remove a copy, and the occurrences of a series, from its mailbox."""
        for instance in copy.instances.values():
            self.remove(instance)
        self.of(copy.mailbox).events.pop(copy.immutable_id, None)
        self._by_mutable_id.pop(copy.mutable_id, None)
        if not copy.master:
            self._by_uid[copy.uid].pop(copy.mailbox, None)
        self.note_change(copy)

    def move(self, copy: EventCopy, calendar_id: str) -> None:
        """Put a copy into another calendar of its mailbox, which gives it a new mutable id."""
        for moved in (copy, *copy.instances.values()):
            del self._by_mutable_id[moved.mutable_id]
            moved.calendar, moved.mutable_id = calendar_id, self._ids.mutable()
            self._by_mutable_id[moved.mutable_id] = moved
        self.note_change(copy)

    def note_change(self, copy: EventCopy) -> None:
        """Note that an event changed."""
        self.of(copy.mailbox).revision += 1

    def find(self, user_id: str, event_id: str) -> EventCopy:
        """Return the event with this mutable or immutable id in a user's mailbox.

        Raises:
            Refusal: 400, the id is malformed; 404, there is no such event.
        """
        copy = self.of(user_id).events.get(event_id) or self._by_mutable_id.get(event_id)
        if copy and copy.mailbox == user_id:
            return copy
        raise item_not_found() if id_forms.is_well_formed(event_id) else malformed_id()

    def other_copies(self, copy: EventCopy) -> list[EventCopy]:
        """Return the copies of an event or occurrence in the other mailboxes."""
        masters = [
            other for mailbox, other in self._by_uid.get(copy.uid, {}).items() if mailbox != copy.mailbox
        ]
        if copy.original_start is None:
            return masters
        return [self.instance(master, copy.original_start) for master in masters]

    def remove_calendar(self, user_id: str, calendar_id: str) -> None:
        """Delete a calendar with its events."""
        for copy in list(self.in_calendar(user_id, calendar_id)):
            self.remove(copy)
        del self.of(user_id).calendars[calendar_id]

    def in_calendar(self, user_id: str, calendar_id: str | None) -> Iterator[EventCopy]:
        """Yield single events and series masters of one calendar, or of all (None), oldest first."""
        for copy in list(self.of(user_id).events.values()):
            if not copy.master and calendar_id in {None, copy.calendar}:
                yield copy

    def instances(self, master: EventCopy, begin: datetime, until: datetime) -> list[EventCopy]:
        """Return the occurrences and exceptions of a series that overlap [begin, until), in order."""
        length = master.duration
        regular = [start for start in master.starts(until) if start + length > begin]
        exceptional = [start for start, one in master.instances.items() if one.is_exception]
        known_or_new = [self.instance(master, start) for start in dict.fromkeys([*regular, *exceptional])]
        inside = [one for one in known_or_new if one.start < until and one.end > begin]
        return sorted(inside, key=lambda one: one.start)

    def exceptions(self, master: EventCopy) -> list[EventCopy]:
        """Return the occurrences of a series that were changed on their own, in the order of the series."""
        return [one for _start, one in sorted(master.instances.items()) if one.is_exception]

    def instance(self, master: EventCopy, original_start: datetime) -> EventCopy:
        """Return one occurrence of a series; it is created at the first call."""
        known = master.instances.get(original_start)
        if known:
            return known
        created = replace(
            master,
            immutable_id=self._ids.immutable(),
            mutable_id=self._ids.mutable(),
            properties={},
            meeting=None,
            is_cancelled=False,
            master=master,
            original_start=original_start,
            instances={},
            removed=set(),
            before=None,
            replaced=None,
        )
        master.instances[original_start] = created
        self.put(created)
        return created

    def _open(self, user_id: str) -> HostedMailbox:
        owner = self._directory.user(user_id)
        mailbox = self._mailboxes[user_id] = HostedMailbox()
        self.add_calendar(mailbox, "Calendar", owner.default_provider, owner.allowed_providers)
        return mailbox
