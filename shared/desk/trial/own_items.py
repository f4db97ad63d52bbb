"""The items that a trial has created in a mailbox: it deletes these, and no others.

An answer may be lost, or an admin may press Ctrl-C before it arrives. So each item is noted before it is
requested, and searched for where no answer came.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from shared.desk.trial import calls
from shared.desk.trial.trial_sender import TrialSender
from shared.errors import (
    EventNotFound,
    GraphError,
    GraphUnavailable,
    NotConnected,
    SubscriptionNotFound,
    Throttled,
)
from shared.graph.protocol.call import GraphCall
from shared.graph.protocol.subscription_calls import delete_subscription

#: Graph may show a new event late in a calendar view.
_SEARCHES = 3
_BETWEEN_SEARCHES = timedelta(seconds=5)
_DAY = timedelta(days=1)
_BY_HAND, _EXPIRES = "delete it in Outlook", "it expires by itself"


@dataclass(frozen=True, slots=True)
class RequestedEvent:
    """An event that was requested: its transaction id, its calendar ("" for the default one), its start."""

    transaction: str
    calendar: str
    start: datetime

    def __str__(self) -> str:
        return f"an event on {self.start:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class RequestedCalendar:
    """A calendar that was requested, by its name."""

    name: str

    def __str__(self) -> str:
        return f'the calendar "{self.name}"'


@dataclass(frozen=True, slots=True)
class RequestedSubscription:
    """A subscription that was requested; it has nothing by which it is found again."""

    expires: datetime

    def __str__(self) -> str:
        return f"a subscription that expires by itself at {self.expires:%Y-%m-%d %H:%M} UTC"


Requested = RequestedEvent | RequestedCalendar | RequestedSubscription


class OwnItems:
    """The ids of what was created in a mailbox and is not deleted yet."""

    def __init__(self, mailbox: str, sender: TrialSender) -> None:
        self._mailbox = mailbox
        self._sender = sender
        self._requested: list[Requested] = []
        self.events: list[str] = []
        self.calendars: list[str] = []
        self.subscriptions: list[str] = []

    @contextmanager
    def requesting(self, item: Requested) -> Iterator[None]:
        """Note an item while it is created; the block adds its id. It stays noted if it may exist without."""
        self._requested.append(item)
        try:
            yield
        except GraphError as error:
            if not _may_have_taken_effect(error):
                self._requested.remove(item)
            raise
        self._requested.remove(item)

    def delete(self) -> tuple[str, ...]:
        """Delete all; return a sentence for each item that is left or may be left."""
        left = [sentence for item in list(self._requested) for sentence in self._find(item)]
        left += self._delete_each(self.subscriptions, delete_subscription, _EXPIRES)
        left += self._delete_each(self.events, self._delete_event, _BY_HAND)
        left += self._delete_each(self.calendars, self._delete_calendar, _BY_HAND)
        return tuple(left)

    def remaining(self) -> tuple[str, ...]:
        """Return a sentence for each item that is not deleted yet, without a call."""
        return (
            *(f"{item} may be left: {_remedy(item)}" for item in self._requested),
            *(f"the subscription {each} is left: {_EXPIRES}" for each in self.subscriptions),
            *(f"the event {each} is left: {_BY_HAND}" for each in self.events),
            *(f"the calendar {each} is left: {_BY_HAND}" for each in self.calendars),
        )

    def _delete_event(self, event: str) -> GraphCall:
        return calls.delete_event(self._mailbox, event)

    def _delete_calendar(self, calendar: str) -> GraphCall:
        return calls.delete_calendar(self._mailbox, calendar)

    def _delete_each(self, ids: list[str], call: Callable[[str], GraphCall], remedy: str) -> Iterator[str]:
        for each in list(ids):
            try:
                with suppress(EventNotFound, SubscriptionNotFound):
                    self._sender.patiently(call(each))
                ids.remove(each)
            except GraphError as error:
                yield f"{each} is left: {remedy} ({error})"

    def _find(self, item: Requested) -> Iterator[str]:
        """Search for an item that has no id here; yield a sentence if that is not possible."""
        try:
            match item:
                case RequestedEvent():
                    self.events += self._find_event(item)
                case RequestedCalendar():
                    self.calendars += self._find_calendar(item)
                case RequestedSubscription():
                    yield f"{item} may be left"
            self._requested.remove(item)
        except GraphError as error:
            yield f"{item} may be left: {_remedy(item)} ({error})"

    def _find_event(self, item: RequestedEvent) -> list[str]:
        call = calls.find_events(self._mailbox, item.calendar, item.start - _DAY, item.start + 2 * _DAY)
        for search in range(_SEARCHES):
            if search:
                self._sender.waiting.pause(_BETWEEN_SEARCHES)
            found = [
                str(shown.get("seriesMasterId") or shown["id"])
                for shown in calls.items_of(self._sender.patiently(call))
                if shown.get("transactionId") == item.transaction
            ]
            if found:
                return sorted(set(found) - set(self.events))
        return []

    def _find_calendar(self, item: RequestedCalendar) -> list[str]:
        found = calls.items_of(self._sender.patiently(calls.list_calendars(self._mailbox)))
        return [str(shown["id"]) for shown in found if shown.get("name") == item.name]


def _remedy(item: Requested) -> str:
    return _EXPIRES if isinstance(item, RequestedSubscription) else _BY_HAND


def _may_have_taken_effect(error: GraphError) -> bool:
    """Return whether the item may exist: Graph did not refuse it, or its answer can't be understood."""
    if isinstance(error, NotConnected):
        return False
    is_success = error.status is not None and error.status < HTTPStatus.BAD_REQUEST
    return is_success or isinstance(error, GraphUnavailable | Throttled)
