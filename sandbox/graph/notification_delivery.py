"""How reliably Graph delivers notifications."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class NotificationFate(StrEnum):
    """What happened to a notification; one can be counted twice."""

    SENT = "sent"
    #: never sent, by chance
    LOST = "lost"
    #: never sent, since the notification URL answers too slowly
    DROPPED = "dropped"
    DOUBLED = "doubled"
    LATE = "late"
    #: an attempt that was not acknowledged in time
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationDelivery:
    """How notifications are delivered. The defaults: one for each change, in order, at once.

    Attributes:
        copies: the smallest and largest number of notifications for one change; after the first of a
            creation, the others are `updated`.
        shuffle: whether the order is random.
        duplicate: the share of notifications that are sent twice.
        lose: the share of notifications that are never sent.
        lose_changes: the share of changes for which no notification is sent.
        delay: the time between a change and its notifications.
        late: the share of notifications that come `late_by` after that.
        batch: the largest number of items in one POST.
        secondary_calendars: whether a subscription to `users/{id}/events` reports changes in all calendars of
            the mailbox, as documented. Developers observe only those of the default calendar.
        calendar_subscriptions: whether a subscription to `users/{id}/calendars/{id}/events` reports anything.
            Graph accepts it without a word in its documentation.
        names_occurrences: whether the notification of a changed occurrence names it, instead of its series.
    """

    copies: tuple[int, int] = (1, 1)
    shuffle: bool = False
    duplicate: float = 0.0
    lose: float = 0.0
    lose_changes: float = 0.0
    delay: timedelta = timedelta(0)
    late: float = 0.0
    late_by: timedelta = timedelta(0)
    batch: int = 50
    secondary_calendars: bool = False
    calendar_subscriptions: bool = True
    names_occurrences: bool = False


#: Delivery as developers have observed it.
BAD_HABITS = NotificationDelivery(copies=(3, 4), shuffle=True, duplicate=0.3)
