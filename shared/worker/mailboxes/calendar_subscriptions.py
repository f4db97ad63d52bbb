"""Subscriptions to the further calendars of a mailbox, if JOINLINK_CALENDAR_SUBSCRIPTIONS is on.

Graph's documentation does not say whether such a subscription reports anything. So nothing depends on them:
a sweep finds what they miss, and an error of Graph only postpones them.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from shared.domain.mailbox import Subscription
from shared.domain.messages import MailboxTask
from shared.errors import (
    EventNotFound,
    GraphError,
    GraphUnavailable,
    OutOfTime,
    SubscriptionNotFound,
    SubscriptionTaken,
    Throttled,
    Unauthorized,
)
from shared.graph.client import Graph
from shared.logs import logger
from shared.storage.known_calendars import KnownCalendar
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.worker.common.world import World
from shared.worker.mailboxes.endpoint import Endpoint
from shared.worker.mailboxes.lifetimes import Lifetimes
from shared.worker.mailboxes.subscription_creation import SubscriptionCreator
from shared.worker.mailboxes.sweep_part import PAGE_TIME, has_less_than


class CalendarSubscriptions:
    """Creates, renews and ends them. Every method raises StorageUnavailable."""

    def __init__(
        self,
        *,
        world: World,
        mailboxes: Mailboxes,
        endpoint: Endpoint,
        is_enabled: bool,
        is_stopped: Callable[[], bool],
    ) -> None:
        """`is_stopped` reads whether an admin stopped Joinlink."""
        self._world = world
        self._mailboxes = mailboxes
        self._endpoint = endpoint
        self._is_enabled = is_enabled
        self._is_stopped = is_stopped
        self._lifetimes = Lifetimes(now=world.now, mailboxes=mailboxes)
        self._creator = SubscriptionCreator(
            world=world, mailboxes=mailboxes, endpoint=endpoint, lifetimes=self._lifetimes
        )

    def adjust(self, task: MailboxTask, row: Mailbox, graph: Graph) -> None:
        """After a sweep, create those that are missing, as many as time allows; if switched off, end all.

        A mailbox with too many calendars has none: its row does not keep all of them.
        """
        if self._is_enabled or row.calendars.subscriptions:
            row = self._mailboxes.read(row.id)  # the sweep may have changed it
        if not self._is_enabled or row.calendars.left_out:
            self.end(row, graph)
            return
        ours = self._endpoint.fingerprint
        missing = [one for one in row.calendars.calendars if not one.subscription or one.endpoint != ours]
        if not missing or row.is_read_only or self._is_stopped():
            return
        for calendar in missing:
            if has_less_than(PAGE_TIME):
                break
            try:
                row = self._subscribe(task, row, calendar, graph)
            except EventNotFound:  # the next list does not have it
                continue
            except (GraphError, SubscriptionTaken, OutOfTime) as error:
                logger().warning(
                    "calendar.unsubscribed",
                    mailbox=task.mailbox,
                    calendar=calendar.id,
                    trace=task.trace,
                    detail=str(error),
                )
                break
        self._mailboxes.update(row.id, making_endpoint="")

    def renew(self, row: Mailbox, graph: Graph) -> None:
        """Renew all, right after the mailbox's own; one that Graph does not know is created by a sweep."""
        for calendar in row.calendars.calendars:
            if not calendar.subscription:
                continue
            try:
                self._lifetimes.request(row, partial(_renew, calendar.subscription, graph))
            except SubscriptionNotFound:
                row = self._store(row, replace(calendar, subscription="", endpoint=""))
            except (GraphError, OutOfTime):
                return  # it expires, and the renewal after that finds it missing

    def end(self, row: Mailbox, graph: Graph) -> None:
        """Delete all. If Graph refuses to delete one, the search for surplus subscriptions retries.

        Raises:
            Throttled, GraphUnavailable, Unauthorized, OutOfTime: try again.
        """
        for calendar in row.calendars.calendars:
            if not calendar.subscription:
                continue
            try:
                graph.delete_subscription(calendar.subscription)
            except (Throttled, GraphUnavailable, Unauthorized):
                raise
            except GraphError:
                pass
            row = self._store(row, replace(calendar, subscription="", endpoint=""))

    def _subscribe(self, task: MailboxTask, row: Mailbox, calendar: KnownCalendar, graph: Graph) -> Mailbox:
        current = None
        with suppress(SubscriptionNotFound):
            current = graph.subscription(calendar.subscription) if calendar.subscription else None
        created = self._creator.create(row, current, graph, calendar.id)
        ours = self._endpoint.fingerprint
        row = self._store(row, replace(calendar, subscription=created.subscription.id, endpoint=ours))
        logger().info(
            "calendar.subscribed",
            mailbox=row.id,
            calendar=calendar.id,
            trace=task.trace,
            subscription=created.subscription.id,
            expires=created.subscription.expires,
        )
        for one in created.replaced:
            with suppress(GraphError, OutOfTime):
                graph.delete_subscription(one.id)
        return replace(row, making_endpoint=ours)

    def _store(self, row: Mailbox, calendar: KnownCalendar) -> Mailbox:
        known = row.calendars.with_calendar(calendar)
        self._mailboxes.update(row.id, calendars=known.encode())
        return replace(row, calendars=known)


def _renew(subscription: str, graph: Graph, expires: datetime) -> Subscription:
    return graph.renew_subscription(subscription, expires=expires)
