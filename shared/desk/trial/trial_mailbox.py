"""One mailbox in which a desk creates items of its own, and from which it deletes these and no others."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.desk.trial import calls
from shared.desk.trial.own_items import OwnItems, RequestedCalendar, RequestedEvent, RequestedSubscription
from shared.desk.trial.trial_sender import TrialSender
from shared.desk.trial.waiting import Waiting
from shared.domain.event import Calendar, Event
from shared.domain.mailbox import Subscription
from shared.graph.protocol import (
    calendar_json,
    event_calls,
    event_json,
    subscription_calls,
    subscription_json,
)


class TrialMailbox:
    """A mailbox, given by object id or user principal name. Every method raises GraphError."""

    def __init__(self, mailbox: str, sender: TrialSender) -> None:
        self.mailbox = mailbox
        self._sender = sender
        self._own = OwnItems(mailbox, sender)

    @property
    def waiting(self) -> Waiting:
        """The clock, and how to wait."""
        return self._sender.waiting

    @property
    def request_ids(self) -> list[str]:
        """Graph's ids of all calls so far, for Microsoft's support."""
        return self._sender.tally.request_ids

    def create_event(self, body: Mapping[str, Any], *, start: datetime, calendar: str = "") -> Event:
        """Create an event; its body has a `transactionId` of its own, `start` is when it starts."""
        call = calls.create_event(self.mailbox, body, calendar)
        with self._own.requesting(RequestedEvent(str(body["transactionId"]), calendar, start)):
            event = event_json.parse_event(self._sender.once(call), call.name)
            self._own.events.append(event.id)
        return event

    def create_calendar(self, name: str) -> str:
        """Create a calendar with a name that no other has; return its id."""
        call = calls.create_calendar(self.mailbox, name)
        with self._own.requesting(RequestedCalendar(name)):
            created = calendar_json.parse_calendar(self._sender.once(call), call.name).id
            self._own.calendars.append(created)
        return created

    def create_subscription(
        self, *, change_type: str, url: str, client_state: str, expires: datetime, calendar: str = ""
    ) -> Subscription:
        """Create a subscription to the mailbox's events, or to those of one calendar."""
        call = subscription_calls.create_subscription(
            self.mailbox,
            calendar=calendar,
            change_type=change_type,
            url=url,
            client_state=client_state,
            expires=expires,
        )
        with self._own.requesting(RequestedSubscription(expires)):
            created = subscription_json.parse_subscription(self._sender.once(call), call.name)
            self._own.subscriptions.append(created.id)
        return created

    def event(self, event: str) -> Event:
        """Read an event."""
        call = event_calls.read_event(self.mailbox, event)
        return event_json.parse_event(self._sender.patiently(call), call.name)

    def event_with_body(self, event: str) -> Event:
        """Read an event with its body, on which a decision may depend."""
        call = event_calls.read_event_with_body(self.mailbox, event)
        return event_json.parse_event(self._sender.patiently(call), call.name)

    def update(self, event: str, changes: Mapping[str, Any], *, etag: str = "") -> Event:
        """Change an event; with an ETag, only if it still has that version."""
        call = calls.update_event(self.mailbox, event, changes, etag)
        return event_json.parse_event(self._sender.once(call), call.name)

    def enable_online_meeting(self, event: Event, provider: str) -> Event:
        """Send the app's own PATCH; return the answer."""
        call = event_calls.enable_online_meeting(self.mailbox, event.id, etag=event.etag, provider=provider)
        return event_json.parse_event(self._sender.once(call), call.name)

    def default_calendar(self) -> Calendar:
        """Read the default calendar."""
        call = event_calls.read_default_calendar(self.mailbox)
        return calendar_json.parse_calendar(self._sender.patiently(call), call.name)

    def instances(self, series: str, start: datetime, end: datetime) -> tuple[Event, ...]:
        """Read the first hundred occurrences and exceptions of a series between two moments."""
        call = calls.list_instances(self.mailbox, series, start, end)
        return calendar_json.parse_calendar_page(self._sender.patiently(call), call.name).events

    def subjects_of_messages(self, since: datetime) -> list[str]:
        """Read the subjects of the first fifty messages that came since."""
        answer = self._sender.patiently(calls.list_messages(self.mailbox, since))
        return [str(shown.get("subject") or "") for shown in calls.items_of(answer)]

    def remaining(self) -> tuple[str, ...]:
        """Return a sentence for each item that was created here and is not deleted yet, without a call."""
        return self._own.remaining()

    def clean_up(self) -> tuple[str, ...]:
        """Delete everything that was created here; return a sentence for each item that may be left."""
        return self._own.delete()
