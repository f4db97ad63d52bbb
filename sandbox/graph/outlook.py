"""What Exchange does with events: copies for all attendees, series, online meetings, mails.

Only changes to the organizer's copy reach the other copies. Once an event has an online meeting,
`isOnlineMeeting` and `onlineMeetingProvider` are ignored (https://learn.microsoft.com/graph/api/resources/event).
Removing the join block from the body ends the meeting.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.graph import event_input, join_links
from sandbox.graph.errors import Refusal
from sandbox.graph.event import DEFAULTS, PRIVATE, EventCopy, OnlineMeeting
from sandbox.graph.post_office import PostOffice
from sandbox.graph.tenant import GraphTenant
from sandbox.graph.user import DirectoryUser

OnChange = Callable[[str, EventCopy], None]


class Outlook:
    """The events of all mailboxes. `on_change` gets `created`, `updated` or `deleted`, and the copy."""

    def __init__(self, tenant: GraphTenant, *, on_change: OnChange) -> None:
        self._tenant = tenant
        self._on_change = on_change
        self.post_office = PostOffice(tenant)

    def create(self, owner: DirectoryUser, calendar_id: str, sent: Any) -> EventCopy:
        """Create an event with `owner` as the organizer, and invite its attendees unless it is a draft.

        Raises:
            Refusal: 400, the body is not a valid event.
        """
        written = event_input.validated(sent)
        wants_meeting = written.pop("isOnlineMeeting", False)
        provider = written.pop("onlineMeetingProvider", None)
        event_input.check_times(
            start=written.get("start"), end=written.get("end"), is_all_day=written.get("isAllDay", False)
        )
        copy = self._new_copy(
            owner,
            calendar_id,
            {**DEFAULTS, **written},
            uid=self._tenant.ids.ical_uid(),
            organizer=owner.id,
            response="organizer",
        )
        if wants_meeting:
            self._start_meeting(copy, provider)
        self._tenant.mailboxes.put(copy)
        self._on_change("created", copy)
        self._share(copy)
        self.post_office.send_invitation(copy)
        return copy

    def update(self, copy: EventCopy, sent: Any) -> None:
        """Write properties to an event; an occurrence becomes an exception.

        Raises:
            Refusal: 400, the body does not fit an event.
        """
        written = event_input.validated(sent)
        wants_meeting = written.pop("isOnlineMeeting", False)
        provider = written.pop("onlineMeetingProvider", None)
        times = {edge: written.get(edge, copy.value(edge)) for edge in ("start", "end")}
        if written.keys() & {"start", "end", "isAllDay"} and not copy.master:
            event_input.check_times(**times, is_all_day=written.get("isAllDay", copy.value("isAllDay")))
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
            mails = bool(written) or self._tenant.habits.link_mails_attendees
            self._update_attendees(copy, mails=mails)

    def remove_link(self, copy: EventCopy) -> None:
        """End the online meeting, as when a person deletes the join block in Outlook."""
        self._remember(copy)
        self._end_meeting(copy)
        self._touch(copy)
        if copy.is_organizer:
            self._update_attendees(copy)

    def drift(self, copy: EventCopy, *, notify: bool) -> None:
        """Give a copy a new version though nobody changed it, as Exchange sometimes does."""
        self._remember(copy)
        self._renew(copy)
        if notify:
            self._on_change("updated", copy)

    def as_read(self, copy: EventCopy) -> EventCopy:
        """Return a copy as the app reads it: without the last write during `stale_for`."""
        is_stale = copy.replaced is not None and self._tenant.now() < copy.replaced + self._tenant.stale_for
        return copy.before if is_stale and copy.before else copy

    def delete(self, copy: EventCopy) -> None:
        """Remove a copy; the organizer's removal cancels the event for everybody else."""
        others = self._tenant.mailboxes.other_copies(copy) if copy.is_organizer else []
        if copy.master and copy.original_start:
            copy.master.removed.add(copy.original_start)
            copy.master.instances.pop(copy.original_start, None)
            self._touch(copy)
        else:
            self._on_change("deleted", copy)
        self._tenant.mailboxes.remove(copy)
        if copy.is_organizer and not copy.cancelled:
            self.post_office.send_cancellation(copy)
        for other in others:
            self._cancel_copy(other)

    def cancel(self, copy: EventCopy) -> None:
        """Cancel an event for everybody; the organizer's copy can be read until it is deleted.

        Raises:
            Refusal: 400, the mailbox is not the organizer's.
        """
        if not copy.is_organizer:
            raise Refusal(400, "ErrorInvalidRequest", "Only the organizer can cancel a meeting.")
        self.post_office.send_cancellation(copy)
        for one in (copy, *self._tenant.mailboxes.other_copies(copy)):
            self._cancel_copy(one)

    def move(self, copy: EventCopy, calendar_id: str) -> None:
        """Move a single event or a series to another calendar; subscribers see a deletion and a creation."""
        self._on_change("deleted", copy)
        self._tenant.mailboxes.move(copy, calendar_id)
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
        now = self._tenant.now()
        return EventCopy(
            mailbox=owner.id,
            calendar=calendar_id,
            immutable_id=self._tenant.ids.immutable(),
            mutable_id=self._tenant.ids.mutable(),
            change_key=self._tenant.ids.change_key(),
            uid=uid,
            organizer=organizer,
            created=now,
            modified=now,
            properties=properties,
            response=response,
        )

    def _write(self, copy: EventCopy, written: dict[str, Any]) -> None:
        """Set properties; a series that gets other times loses its exceptions, as in Outlook."""
        copy.properties.update(written)
        copy.is_exception = copy.master is not None
        if not copy.master and written.keys() & {"start", "recurrence"}:
            for instance in copy.instances.values():
                self._tenant.mailboxes.remove(instance)
            copy.instances.clear()
            copy.removed.clear()

    def _start_meeting(self, copy: EventCopy, provider: str | None) -> bool:
        """Create an online meeting if the calendar allows the provider; otherwise do nothing, silently."""
        owner = self._tenant.directory.user(copy.mailbox)
        calendar = self._tenant.mailboxes.of(copy.mailbox).calendars[copy.calendar]
        provider = provider or calendar.default_provider
        if not owner.honors_online_meeting or provider not in calendar.allowed_providers:
            return False
        url = join_links.join_url(
            provider,
            thread=self._tenant.ids.opaque(36),
            tenant_id=self._tenant.directory.tenant_id,
            organizer_id=owner.id,
        )
        visible_from = self._tenant.now() + owner.join_url_delay
        copy.meeting = OnlineMeeting(provider=provider, join_url=url, visible_from=visible_from)
        copy.has_own_meeting = copy.master is not None
        if not self._tenant.habits.exceptions_follow:
            for instance in copy.instances.values():
                instance.has_own_meeting |= instance.is_exception
        return True

    def _end_meeting(self, copy: EventCopy) -> None:
        copy.meeting = None
        copy.has_own_meeting = copy.master is not None
        copy.is_exception = copy.master is not None

    def _end_meeting_unless_linked(self, copy: EventCopy, body: dict[str, str]) -> None:
        meeting = copy.online
        visible = meeting is not None and meeting.visible_from <= self._tenant.now()
        if meeting and visible and not join_links.has_link(body, meeting.join_url):
            self._end_meeting(copy)

    def _update_attendees(self, copy: EventCopy, *, mails: bool = True) -> None:
        """Update the other copies, and mail all attendees."""
        self._share(copy)
        if mails:
            self.post_office.send_update(copy)

    def _share(self, copy: EventCopy) -> None:
        if copy.value("isDraft"):
            return
        shared = {name: value for name, value in copy.properties.items() if name not in PRIVATE}
        invited = set(copy.people())
        others = self._tenant.mailboxes.other_copies(copy)
        for other in others:
            if not invited.isdisjoint(self._tenant.directory.user(other.mailbox).addresses):
                self._remember(other)
                self._write(other, shared)
                other.meeting, other.has_own_meeting = copy.meeting, copy.has_own_meeting
                self._touch(other)
            elif not other.cancelled:
                self._cancel_copy(other)
        if not copy.master:
            self._invite(copy, shared, invited, {copy.mailbox, *(other.mailbox for other in others)})

    def _invite(self, copy: EventCopy, shared: dict[str, Any], invited: set[str], done: set[str]) -> None:
        for address in sorted(invited):
            user = self._tenant.directory.recipient(address)
            if user is None or not user.mailbox or user.id in done:
                continue
            done.add(user.id)
            is_room = user.kind in {"room", "equipment"}
            own = {name: DEFAULTS[name] for name in PRIVATE} | {"showAs": "busy" if is_room else "tentative"}
            other = self._new_copy(
                user,
                self._tenant.mailboxes.of(user.id).default_calendar.id,
                own | shared,
                uid=copy.uid,
                organizer=copy.mailbox,
                response="accepted" if is_room else "notResponded",
            )
            other.meeting = copy.meeting
            self._tenant.mailboxes.put(other)
            self._on_change("created", other)

    def _cancel_copy(self, copy: EventCopy) -> None:
        self._remember(copy)
        copy.is_cancelled = True
        copy.is_exception = copy.master is not None
        self._touch(copy)

    def _touch(self, copy: EventCopy) -> None:
        """Give a copy, and the series of an occurrence, a new version, and notify the subscribers."""
        self._renew(copy)
        if copy.master:
            self._renew(copy.master)
        self._on_change("updated", copy)

    def _remember(self, copy: EventCopy) -> None:
        """Keep the current version, which reads still show after the write that follows."""
        if self._tenant.stale_for and self.as_read(copy) is copy:
            copy.before = replace(copy, properties=dict(copy.properties), before=None, replaced=None)
            copy.replaced = self._tenant.now()

    def _renew(self, copy: EventCopy) -> None:
        copy.change_key, copy.modified = self._tenant.ids.change_key(), self._tenant.now()
        self._tenant.mailboxes.note_change(copy)
