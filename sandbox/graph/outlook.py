"""What Exchange does with events: copies for everybody invited, series, online meetings, mails.

Only the organizer's copy drives the meeting; whatever is written to another copy stays there. An online
meeting is a one-way door: once there is one, `isOnlineMeeting` and `onlineMeetingProvider` are passed over
(https://learn.microsoft.com/graph/api/resources/event). Taking the join block out of the body ends it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sandbox.graph import joining, writes
from sandbox.graph.directory import TenantDirectory
from sandbox.graph.errors import Refusal
from sandbox.graph.event import DEFAULTS, PRIVATE, EventCopy, OnlineMeeting
from sandbox.graph.ids import Ids
from sandbox.graph.mailboxes import HostedMailboxes
from sandbox.graph.user import DirectoryUser

OnChange = Callable[[str, EventCopy], None]


class Mail(NamedTuple):
    """A mail about a changed event: the organizer copy's immutable id, and how many people get it."""

    event: str
    recipients: int


class Outlook:
    """The events of all mailboxes. `on_change` hears `created`, `updated` or `deleted` for every copy.

    `stale_for` is how long after a write an event is still read as it was before.
    """

    def __init__(
        self,
        *,
        directory: TenantDirectory,
        mailboxes: HostedMailboxes,
        ids: Ids,
        now: Callable[[], datetime],
        on_change: OnChange,
    ) -> None:
        self._directory = directory
        self._mailboxes = mailboxes
        self._ids = ids
        self._now = now
        self._on_change = on_change
        self.mails: list[Mail] = []
        self.stale_for = timedelta(0)

    def create(self, owner: DirectoryUser, calendar_id: str, sent: Any) -> EventCopy:
        """Make an event that `owner` organizes, and invite its attendees unless it is a draft.

        Raises:
            Refusal: 400, the body is no event.
        """
        written = writes.checked(sent)
        wants_meeting = written.pop("isOnlineMeeting", False)
        provider = written.pop("onlineMeetingProvider", None)
        writes.check_times(
            start=written.get("start"), end=written.get("end"), is_all_day=written.get("isAllDay", False)
        )
        copy = self._new_copy(
            owner,
            calendar_id,
            {**DEFAULTS, **written},
            uid=self._ids.ical_uid(),
            organizer=owner.id,
            response="organizer",
        )
        if wants_meeting:
            self._start_meeting(copy, provider)
        self._mailboxes.put(copy)
        self._on_change("created", copy)
        self._share(copy)
        return copy

    def update(self, copy: EventCopy, sent: Any) -> None:
        """Write properties to an event; of an occurrence this makes an exception.

        Raises:
            Refusal: 400, the body does not fit an event.
        """
        written = writes.checked(sent)
        wants_meeting = written.pop("isOnlineMeeting", False)
        provider = written.pop("onlineMeetingProvider", None)
        times = {edge: written.get(edge, copy.value(edge)) for edge in ("start", "end")}
        if written.keys() & {"start", "end", "isAllDay"} and not copy.master:
            writes.check_times(**times, is_all_day=written.get("isAllDay", copy.value("isAllDay")))
        self._remember(copy)
        was_online = copy.online is not None
        if copy.is_organizer and "body" in written:
            self._end_meeting_unless_linked(copy, written["body"])
        self._write(copy, written)
        started = bool(copy.is_organizer and wants_meeting and not was_online) and self._start_meeting(
            copy, provider
        )
        self._touch(copy)
        if copy.is_organizer and (written or started):
            self._tell_attendees(copy)

    def remove_link(self, copy: EventCopy) -> None:
        """End the online meeting, as a person does who deletes the join block in Outlook."""
        self._remember(copy)
        self._end_meeting(copy)
        self._touch(copy)
        if copy.is_organizer:
            self._tell_attendees(copy)

    def drift(self, copy: EventCopy, *, tell: bool) -> None:
        """Give a copy a new version though nobody did anything, as Exchange does by itself at times."""
        self._remember(copy)
        self._renew(copy)
        if tell:
            self._on_change("updated", copy)

    def as_read(self, copy: EventCopy) -> EventCopy:
        """Return a copy as the app reads it: as it was before the last write, where that is too recent."""
        is_stale = copy.replaced is not None and self._now() < copy.replaced + self.stale_for
        return copy.before if is_stale and copy.before else copy

    def delete(self, copy: EventCopy) -> None:
        """Remove a copy; the organizer's removal cancels the event for everybody else."""
        others = self._mailboxes.other_copies(copy) if copy.is_organizer else []
        if copy.master and copy.original_start:
            copy.master.removed.add(copy.original_start)
            copy.master.instances.pop(copy.original_start, None)
            self._touch(copy)
        else:
            self._on_change("deleted", copy)
        self._mailboxes.remove(copy)
        for other in others:
            self._cancel_copy(other)

    def cancel(self, copy: EventCopy) -> None:
        """Cancel an event for everybody; the organizer's copy stays to be read until it is removed.

        Raises:
            Refusal: 400, the mailbox is not the organizer's.
        """
        if not copy.is_organizer:
            raise Refusal(400, "ErrorInvalidRequest", "Only the organizer can cancel a meeting.")
        for one in (copy, *self._mailboxes.other_copies(copy)):
            self._cancel_copy(one)

    def move(self, copy: EventCopy, calendar_id: str) -> None:
        """Move a single event or a series to another calendar: to those who watch, deleted and created."""
        self._on_change("deleted", copy)
        self._mailboxes.move(copy, calendar_id)
        self._renew(copy)
        self._on_change("created", copy)

    def _new_copy(
        self,
        owner: DirectoryUser,
        calendar_id: str,
        properties: dict[str, Any],
        *,
        uid: str,
        organizer: str,
        response: str,
    ) -> EventCopy:
        now = self._now()
        return EventCopy(
            mailbox=owner.id,
            calendar=calendar_id,
            immutable_id=self._ids.immutable(),
            mutable_id=self._ids.mutable(),
            change_key=self._ids.change_key(),
            uid=uid,
            organizer=organizer,
            created=now,
            modified=now,
            properties=properties,
            response=response,
        )

    def _write(self, copy: EventCopy, written: dict[str, Any]) -> None:
        """Set properties; a series that gets other times forgets its exceptions, as in Outlook."""
        copy.properties.update(written)
        copy.is_exception = copy.master is not None
        if not copy.master and written.keys() & {"start", "recurrence"}:
            for instance in copy.instances.values():
                self._mailboxes.remove(instance)
            copy.instances.clear()
            copy.removed.clear()

    def _start_meeting(self, copy: EventCopy, provider: str | None) -> bool:
        """Go online where the calendar allows the provider; else nothing happens, and nobody says so."""
        owner = self._directory.user(copy.mailbox)
        calendar = self._mailboxes.of(copy.mailbox).calendars[copy.calendar]
        provider = provider or calendar.default_provider
        if not owner.honors_online_meeting or provider not in calendar.allowed_providers:
            return False
        url = joining.join_url(
            provider,
            thread=self._ids.opaque(36),
            tenant_id=self._directory.tenant_id,
            organizer_id=owner.id,
        )
        visible_from = self._now() + owner.join_url_delay
        copy.meeting = OnlineMeeting(provider=provider, join_url=url, visible_from=visible_from)
        copy.has_own_meeting = copy.master is not None
        return True

    def _end_meeting(self, copy: EventCopy) -> None:
        copy.meeting = None
        copy.has_own_meeting = copy.master is not None
        copy.is_exception = copy.master is not None

    def _end_meeting_unless_linked(self, copy: EventCopy, body: dict[str, str]) -> None:
        meeting = copy.online
        visible = meeting is not None and meeting.visible_from <= self._now()
        if meeting and visible and not joining.has_link(body, meeting.join_url):
            self._end_meeting(copy)

    def _tell_attendees(self, copy: EventCopy) -> None:
        """Bring the other copies up to date and mail everybody invited; Graph offers no way not to."""
        self._share(copy)
        if copy.people() and not copy.value("isDraft"):
            self.mails.append(Mail(copy.immutable_id, len(copy.people())))

    def _share(self, copy: EventCopy) -> None:
        if copy.value("isDraft"):
            return
        shared = {name: value for name, value in copy.properties.items() if name not in PRIVATE}
        invited = set(copy.people())
        others = self._mailboxes.other_copies(copy)
        for other in others:
            if not invited.isdisjoint(self._directory.user(other.mailbox).addresses):
                self._remember(other)
                self._write(other, shared)
                other.meeting, other.has_own_meeting = copy.meeting, copy.has_own_meeting
                self._touch(other)
            elif not other.cancelled:
                self._cancel_copy(other)
        if not copy.master:
            self._invite(copy, shared, invited, {copy.mailbox, *(other.mailbox for other in others)})

    def _invite(self, copy: EventCopy, shared: dict[str, Any], invited: set[str], told: set[str]) -> None:
        for address in sorted(invited):
            user = self._directory.recipient(address)
            if user is None or not user.mailbox or user.id in told:
                continue
            told.add(user.id)
            is_room = user.kind in {"room", "equipment"}
            own = {name: DEFAULTS[name] for name in PRIVATE} | {"showAs": "busy" if is_room else "tentative"}
            other = self._new_copy(
                user,
                self._mailboxes.of(user.id).default_calendar.id,
                own | shared,
                uid=copy.uid,
                organizer=copy.mailbox,
                response="accepted" if is_room else "notResponded",
            )
            other.meeting = copy.meeting
            self._mailboxes.put(other)
            self._on_change("created", other)

    def _cancel_copy(self, copy: EventCopy) -> None:
        self._remember(copy)
        copy.is_cancelled = True
        copy.is_exception = copy.master is not None
        self._touch(copy)

    def _touch(self, copy: EventCopy) -> None:
        """Give a copy, and the series of an occurrence, a new version, and tell whoever watches."""
        self._renew(copy)
        if copy.master:
            self._renew(copy.master)
        self._on_change("updated", copy)

    def _remember(self, copy: EventCopy) -> None:
        """Keep the version that reads still show after the write that comes now."""
        if self.stale_for and self.as_read(copy) is copy:
            copy.before = replace(copy, properties=dict(copy.properties), before=None, replaced=None)
            copy.replaced = self._now()

    def _renew(self, copy: EventCopy) -> None:
        copy.change_key, copy.modified = self._ids.change_key(), self._now()
