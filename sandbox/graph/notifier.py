"""Change and lifecycle notifications: queueing, delivery and reattempts.

Graph guarantees little: it may send several notifications for one change, `updated` before `created`, and
items of many changes in one POST. It reattempts for up to four hours if the answer is not 2xx
(https://learn.microsoft.com/graph/change-notifications-delivery-webhooks).
"""

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

from sandbox.graph import graph_json, ids, zones
from sandbox.graph.authorizations import Authorizations
from sandbox.graph.endpoints import DELAY, Endpoints, EndpointState
from sandbox.graph.event import EventCopy
from sandbox.graph.notification_delivery import NotificationFate
from sandbox.graph.subscription import HostedSubscription
from sandbox.graph.subscriptions import HostedSubscriptions
from sandbox.graph.tenant import GraphTenant
from sandbox.graph.webhook_client import Post

_GIVE_UP_AFTER = timedelta(hours=4)
_FIRST_BACKOFF = timedelta(seconds=10)
_LONGEST_BACKOFF = timedelta(minutes=10)
#: A later answer to the first attempt is ignored; reattempts have ten seconds.
_FIRST_DEADLINE_SECONDS = 3.0
_HEADERS = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _QueuedNotification:
    due: datetime
    url: str
    item: dict[str, Any]
    #: gets a `missed` notification if this one is never delivered
    subscription: HostedSubscription
    first_attempt: datetime | None = None
    attempts: int = 0

    @property
    def is_lifecycle(self) -> bool:
        """Whether this is a lifecycle notification and not a change notification."""
        return "lifecycleEvent" in self.item

    def after_attempt(self, now: datetime) -> "_QueuedNotification":
        """Return the notification with the time of its next attempt."""
        backoff = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2**self.attempts)
        return replace(
            self, due=now + backoff, first_attempt=self.first_attempt or now, attempts=self.attempts + 1
        )

    def is_given_up(self) -> bool:
        """Return whether the next attempt is after Graph gives up."""
        return self.first_attempt is not None and self.due > self.first_attempt + _GIVE_UP_AFTER


class Notifier:
    """Queues notifications; delivers them on `deliver`, or from its own thread after `start`."""

    def __init__(
        self,
        tenant: GraphTenant,
        *,
        subscriptions: HostedSubscriptions,
        authorizations: Authorizations,
        seed: int,
        post: Post,
        stopwatch: Callable[[], float],
    ) -> None:
        self.endpoints = Endpoints(tenant.now)
        self.counted: Counter[NotificationFate] = Counter()
        self._tenant = tenant
        self._stopwatch = stopwatch
        self._subscriptions = subscriptions
        self._authorizations = authorizations
        self._random = random.Random(seed)  # noqa: S311 -- repeatable disorder, no secrets
        self._post = post
        self._pending: list[_QueuedNotification] = []
        self._stopping = Event()
        self._thread: Thread | None = None

    @property
    def pending(self) -> int:
        """How many notifications wait for delivery."""
        return len(self._pending)

    def publish(self, kind: str, copy: EventCopy) -> None:
        """Queue notifications of a change to a copy; a change to an occurrence is reported for its series."""
        habits = self._tenant.delivery
        reported = copy if habits.names_occurrences else copy.master or copy
        if self._random.random() < habits.lose_changes:
            self.counted[NotificationFate.LOST] += 1
            return
        for subscription in self._subscriptions.watching(reported, kind):
            if not self._is_reported(subscription, reported) or self._authorizations.loses(subscription):
                continue
            types = set(subscription.change_type.split(","))
            follow_up = "updated" if kind == "created" and "updated" in types else kind
            extra = self._random.randint(*habits.copies) - 1
            for change_type in (kind, *([follow_up] * extra)):
                self._queue(subscription, self._change(subscription, change_type, reported))

    def notify_lifecycle(self, subscription: HostedSubscription, lifecycle_event: str) -> None:
        """Queue `missed`, `reauthorizationRequired` or `subscriptionRemoved` if there is a lifecycle URL."""
        if subscription.lifecycle_url:
            item = self._about(subscription) | {"lifecycleEvent": lifecycle_event}
            self._pending.append(
                _QueuedNotification(
                    due=self._tenant.now(),
                    url=subscription.lifecycle_url,
                    item=item,
                    subscription=subscription,
                )
            )

    def deliver(self) -> int:
        """POST all due notifications; return the number of POSTs. The lock is free during each POST."""
        with self._tenant.lock:
            for subscription in self._authorizations.due():
                self.notify_lifecycle(subscription, "reauthorizationRequired")
            posts = self._take_due()
        for batch in posts:
            if not self._send(batch):
                with self._tenant.lock:
                    self._put_back(batch)
        return len(posts)

    def start(self, interval_seconds: float = 0.2) -> None:
        """Deliver from a separate thread until `stop`."""
        self._stopping.clear()
        self._thread = Thread(target=self._run, args=(interval_seconds,), name="graph-delivery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread of `start` and wait for it."""
        if self._thread:
            self._stopping.set()
            self._thread.join()
            self._thread = None

    def _is_reported(self, subscription: HostedSubscription, copy: EventCopy) -> bool:
        if subscription.calendar:
            return self._tenant.delivery.calendar_subscriptions
        default = self._tenant.mailboxes.of(copy.mailbox).default_calendar
        return self._tenant.delivery.secondary_calendars or default.id == copy.calendar

    def _run(self, interval_seconds: float) -> None:
        while not self._stopping.wait(interval_seconds):
            self.deliver()

    def _queue(self, subscription: HostedSubscription, item: dict[str, Any]) -> None:
        state = self.endpoints.state(subscription.notification_url)
        if state is EndpointState.DROPPED:
            self.counted[NotificationFate.DROPPED] += 1
            return
        habits = self._tenant.delivery
        if self._random.random() < habits.lose:
            self.counted[NotificationFate.LOST] += 1
            return
        wait = DELAY if state is EndpointState.SLOW else timedelta(0)
        if habits.late and self._random.random() < habits.late:
            self.counted[NotificationFate.LATE] += 1
            wait += habits.late_by
        notification = _QueuedNotification(
            due=self._tenant.now() + habits.delay + wait,
            url=subscription.notification_url,
            item=item,
            subscription=subscription,
        )
        times = 2 if self._random.random() < habits.duplicate else 1
        self.counted[NotificationFate.DOUBLED] += times - 1
        self._pending.extend([notification] * times)

    def _about(self, subscription: HostedSubscription) -> dict[str, Any]:
        return {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": zones.date_time_offset(subscription.expires),
            "clientState": subscription.client_state,
            "tenantId": self._tenant.directory.tenant_id,
        }

    def _change(self, subscription: HostedSubscription, change_type: str, copy: EventCopy) -> dict[str, Any]:
        event_id = graph_json.item_id(copy, immutable=subscription.immutable_ids)
        resource = f"Users/{copy.mailbox}/Events/{event_id}"
        return self._about(subscription) | {
            "changeType": change_type,
            "resource": resource,
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.Event",
                "@odata.id": resource,
                "@odata.etag": ids.notification_etag(copy.change_key),
                "id": event_id,
            },
        }

    def _take_due(self) -> list[list[_QueuedNotification]]:
        """Remove the due notifications from the queue and group them into POSTs by URL.

        Notifications of subscriptions that have ended are dropped; without permission they are retried later.
        """
        now = self._tenant.now()
        due = [
            notification
            for notification in self._pending
            if notification.due <= now and self._is_wanted(notification)
        ]
        self._pending = [notification for notification in self._pending if notification.due > now]
        self._put_back([notification for notification in due if not self._is_allowed(notification)])
        due = [notification for notification in due if self._is_allowed(notification)]
        if self._tenant.delivery.shuffle:
            self._random.shuffle(due)
        by_url: dict[str, list[_QueuedNotification]] = {}
        for notification in due:
            by_url.setdefault(notification.url, []).append(notification)
        size = self._tenant.delivery.batch
        return [batch[n : n + size] for batch in by_url.values() for n in range(0, len(batch), size)]

    def _is_wanted(self, notification: _QueuedNotification) -> bool:
        if notification.is_lifecycle:
            return True
        is_dropped = self.endpoints.state(notification.url) is EndpointState.DROPPED
        return self._subscriptions.is_active(notification.subscription) and not is_dropped

    def _is_allowed(self, notification: _QueuedNotification) -> bool:
        return notification.is_lifecycle or self._authorizations.allow(notification.subscription)

    def _send(self, batch: list[_QueuedNotification]) -> bool:
        body = json.dumps({"value": [notification.item for notification in batch]}).encode()
        url, began = batch[0].url, self._stopwatch()
        try:
            status = self._post(url, body, _HEADERS).status
        except OSError:
            status = 0
        took = self._stopwatch() - began
        with self._tenant.lock:
            self.endpoints.record(url, took)
        late = took > _FIRST_DEADLINE_SECONDS and any(not notification.attempts for notification in batch)
        is_sent = 200 <= status < 300 and not late  # noqa: PLR2004 -- the range of HTTP success
        self.counted[NotificationFate.SENT if is_sent else NotificationFate.REFUSED] += len(batch)
        return is_sent

    def _put_back(self, batch: list[_QueuedNotification]) -> None:
        """Queue notifications for another attempt; after four hours drop them and queue `missed`."""
        waiting = [notification.after_attempt(self._tenant.now()) for notification in batch]
        self._pending.extend(notification for notification in waiting if not notification.is_given_up())
        dropped = {
            notification.subscription.id: notification.subscription
            for notification in waiting
            if notification.is_given_up() and not notification.is_lifecycle
        }
        for subscription in dropped.values():
            self.notify_lifecycle(subscription, "missed")
