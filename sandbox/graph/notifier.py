"""Change and lifecycle notifications: what is due, in which disorder, and what happens when nobody answers.

Graph promises little: several notifications for one change, `updated` ahead of `created`, items of many
changes in one POST, delivery again for up to four hours where the answer is no 2xx
(https://learn.microsoft.com/graph/change-notifications-delivery-webhooks).
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event, RLock, Thread
from typing import Any

from sandbox.graph import ids, render, zones
from sandbox.graph.authorizations import Authorizations
from sandbox.graph.endpoints import DELAY, Endpoints, EndpointState
from sandbox.graph.event import EventCopy
from sandbox.graph.posting import Post
from sandbox.graph.subscription import HostedSubscription
from sandbox.graph.subscriptions import HostedSubscriptions

_GIVE_UP_AFTER = timedelta(hours=4)
_FIRST_BACKOFF = timedelta(seconds=10)
_LONGEST_BACKOFF = timedelta(minutes=10)
#: An answer to the first attempt counts for nothing after these seconds, one to a retry after ten.
_FIRST_DEADLINE_SECONDS = 3.0
_HEADERS = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationDelivery:
    """The habits of delivery; as it stands, one notification per change, in order, at once.

    `copies` are the fewest and most notifications for one change; a `created` is followed by `updated`s.
    `duplicate` and `lose` are shares of all notifications, `lose_changes` is a share of all changes, of each
    of which every notification is lost; `batch` is the most items in one POST.
    `secondary_calendars` False is what developers report against the documentation: a subscription to a
    user's events hears of the default calendar only.
    """

    copies: tuple[int, int] = (1, 1)
    shuffle: bool = False
    duplicate: float = 0.0
    lose: float = 0.0
    lose_changes: float = 0.0
    delay: timedelta = timedelta(0)
    batch: int = 50
    secondary_calendars: bool = True


#: Delivery as developers know it.
BAD_HABITS = NotificationDelivery(copies=(3, 4), shuffle=True, duplicate=0.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Notice:
    due: datetime
    url: str
    item: dict[str, Any]
    #: whom to tell `missed` if this is never delivered
    subscription: HostedSubscription
    first_tried: datetime | None = None
    tries: int = 0

    @property
    def is_lifecycle(self) -> bool:
        """Whether this is about the subscription and not about an event."""
        return "lifecycleEvent" in self.item

    def tried(self, now: datetime) -> "_Notice":
        """Return the notice as it waits for its next try."""
        backoff = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2**self.tries)
        return replace(self, due=now + backoff, first_tried=self.first_tried or now, tries=self.tries + 1)

    def is_hopeless(self) -> bool:
        """Tell whether the next try would come too late."""
        return self.first_tried is not None and self.due > self.first_tried + _GIVE_UP_AFTER


class Notifier:
    """Collects notifications and delivers them when told to, or by itself while started."""

    def __init__(
        self,
        *,
        subscriptions: HostedSubscriptions,
        authorizations: Authorizations,
        tenant_id: str,
        is_default_calendar: Callable[[EventCopy], bool],
        now: Callable[[], datetime],
        seed: int,
        lock: RLock,
        post: Post,
        stopwatch: Callable[[], float],
    ) -> None:
        self.delivery = NotificationDelivery()
        self.endpoints = Endpoints(now)
        self._stopwatch = stopwatch
        self._subscriptions = subscriptions
        self._authorizations = authorizations
        self._tenant_id = tenant_id
        self._is_default_calendar = is_default_calendar
        self._now = now
        self._random = random.Random(seed)  # noqa: S311 -- repeatable disorder, no secrets
        self._lock = lock
        self._post = post
        self._pending: list[_Notice] = []
        self._stopping = Event()
        self._thread: Thread | None = None

    @property
    def pending(self) -> int:
        """How many notifications wait for delivery."""
        return len(self._pending)

    def publish(self, kind: str, copy: EventCopy) -> None:
        """Take note of a change to a copy; a change to an occurrence names its series."""
        series = copy.master or copy
        habits = self.delivery
        if not habits.secondary_calendars and not self._is_default_calendar(series):
            return
        if self._random.random() < habits.lose_changes:
            return
        for subscription in self._subscriptions.watching(series, kind):
            heard = set(subscription.change_type.split(","))
            follow_up = "updated" if kind == "created" and "updated" in heard else kind
            extra = self._random.randint(*habits.copies) - 1
            for change_type in (kind, *([follow_up] * extra)):
                self._note(subscription, self._change(subscription, change_type, series))

    def tell(self, subscription: HostedSubscription, lifecycle_event: str) -> None:
        """Take note of `missed`, `reauthorizationRequired` or `subscriptionRemoved`, where it may be told."""
        if subscription.lifecycle_url:
            item = self._about(subscription) | {"lifecycleEvent": lifecycle_event}
            self._pending.append(
                _Notice(due=self._now(), url=subscription.lifecycle_url, item=item, subscription=subscription)
            )

    def deliver(self) -> int:
        """POST all that is due; return the number of POSTs. The lock is free while an answer is awaited."""
        with self._lock:
            for subscription in self._authorizations.due():
                self.tell(subscription, "reauthorizationRequired")
            posts = self._take_due()
        for notices in posts:
            if not self._send(notices):
                with self._lock:
                    self._put_back(notices)
        return len(posts)

    def start(self, interval_seconds: float = 0.2) -> None:
        """Deliver from a thread of its own until `stop`."""
        self._stopping.clear()
        self._thread = Thread(target=self._run, args=(interval_seconds,), name="graph-delivery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread of `start` and wait for it."""
        if self._thread:
            self._stopping.set()
            self._thread.join()
            self._thread = None

    def _run(self, interval_seconds: float) -> None:
        while not self._stopping.wait(interval_seconds):
            self.deliver()

    def _note(self, subscription: HostedSubscription, item: dict[str, Any]) -> None:
        state = self.endpoints.state(subscription.notification_url)
        if self._random.random() < self.delivery.lose or state is EndpointState.DROPPED:
            return
        wait = DELAY if state is EndpointState.SLOW else timedelta(0)
        notice = _Notice(
            due=self._now() + self.delivery.delay + wait,
            url=subscription.notification_url,
            item=item,
            subscription=subscription,
        )
        times = 2 if self._random.random() < self.delivery.duplicate else 1
        self._pending.extend([notice] * times)

    def _about(self, subscription: HostedSubscription) -> dict[str, Any]:
        return {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": zones.date_time_offset(subscription.expires),
            "clientState": subscription.client_state,
            "tenantId": self._tenant_id,
        }

    def _change(self, subscription: HostedSubscription, change_type: str, copy: EventCopy) -> dict[str, Any]:
        event_id = render.item_id(copy, immutable=subscription.immutable_ids)
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

    def _take_due(self) -> list[list[_Notice]]:
        """Take what is due out of the waiting and gather it into POSTs by URL.

        What a subscription that is over was to tell of is dropped; what may not be looked at waits.
        """
        now = self._now()
        due = [notice for notice in self._pending if notice.due <= now and self._is_wanted(notice)]
        self._pending = [notice for notice in self._pending if notice.due > now]
        self._put_back([notice for notice in due if not self._is_allowed(notice)])
        due = [notice for notice in due if self._is_allowed(notice)]
        if self.delivery.shuffle:
            self._random.shuffle(due)
        by_url: dict[str, list[_Notice]] = {}
        for notice in due:
            by_url.setdefault(notice.url, []).append(notice)
        size = self.delivery.batch
        return [notices[n : n + size] for notices in by_url.values() for n in range(0, len(notices), size)]

    def _is_wanted(self, notice: _Notice) -> bool:
        if notice.is_lifecycle:
            return True
        is_dropped = self.endpoints.state(notice.url) is EndpointState.DROPPED
        return self._subscriptions.lives(notice.subscription) and not is_dropped

    def _is_allowed(self, notice: _Notice) -> bool:
        return notice.is_lifecycle or self._authorizations.holds(notice.subscription)

    def _send(self, notices: list[_Notice]) -> bool:
        body = json.dumps({"value": [notice.item for notice in notices]}).encode()
        url, began = notices[0].url, self._stopwatch()
        try:
            status = self._post(url, body, _HEADERS)
        except OSError:
            status = 0
        took = self._stopwatch() - began
        with self._lock:
            self.endpoints.note(url, took)
        late = took > _FIRST_DEADLINE_SECONDS and any(not notice.tries for notice in notices)
        return 200 <= status < 300 and not late  # noqa: PLR2004 -- the range of HTTP success

    def _put_back(self, notices: list[_Notice]) -> None:
        """Let notices wait for another try; those of four hours ago are dropped, and `missed` is told."""
        waiting = [notice.tried(self._now()) for notice in notices]
        self._pending.extend(notice for notice in waiting if not notice.is_hopeless())
        dropped = {
            notice.subscription.id: notice.subscription
            for notice in waiting
            if notice.is_hopeless() and not notice.is_lifecycle
        }
        for subscription in dropped.values():
            self.tell(subscription, "missed")
