"""All subscriptions of the app, with the deviations from Graph's documentation that developers report."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.graph.errors import Refusal
from sandbox.graph.event import EventCopy
from sandbox.graph.handshakes import Handshakes
from sandbox.graph.numbered_list import NumberedList
from sandbox.graph.permissions import NO_ODATA, SUBSCRIBE
from sandbox.graph.subscription import (
    HostedSubscription,
    LengthLimit,
    expiry,
    invalid,
    read_subscription,
    url,
)
from sandbox.graph.tenant import GraphTenant

#: Active subscriptions per mailbox, those of all apps together.
MOST_PER_MAILBOX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionHabits:
    """How Graph deviates from its documentation; by default not at all.

    `duplicates` True creates a second subscription to the same resource instead of a 409. The list omits a
    new subscription for `unlisted_for`, and still shows one for `listed_after_end` after it ended. With
    `one_per_resource`, a second subscription is refused whatever its changeType.
    """

    duplicates: bool = False
    unlisted_for: timedelta = timedelta(0)
    listed_after_end: timedelta = timedelta(0)
    one_per_resource: bool = False


class HostedSubscriptions:
    """The subscriptions, by id, by mailbox and in a list.

    The lock is free while a URL is validated, since the app may call Graph meanwhile. `others` counts the
    subscriptions of other apps, by mailbox. `length` is how long a subscription may be.
    """

    def __init__(self, tenant: GraphTenant, handshakes: Handshakes) -> None:
        self._tenant = tenant
        self._handshakes = handshakes
        self._all: dict[str, HostedSubscription] = {}
        self._by_mailbox: dict[str, list[HostedSubscription]] = {}
        self._rows: NumberedList[HostedSubscription] = NumberedList()
        self.application_id = tenant.ids.guid()
        self.habits = SubscriptionHabits()
        self.length = LengthLimit()
        self.others: Counter[str] = Counter()

    def active(self, start: int = 0) -> Iterator[tuple[int, HostedSubscription]]:
        """Yield the active subscriptions with their row numbers, from a row on."""
        return ((row, one) for row, one in self._rows.walk(start) if self.is_active(one))

    def listed(self, start: int = 0) -> Iterator[tuple[int, HostedSubscription]]:
        """Yield the subscriptions that the list shows, like `active`; see `SubscriptionHabits`."""
        now, habits = self._tenant.now(), self.habits
        for row, one in self._rows.walk(start):
            if self.is_active(one):
                if one.created + habits.unlisted_for <= now:
                    yield row, one
            elif one.ended and one.ended + habits.listed_after_end > now:
                yield row, one
            else:
                self._rows.drop(row)

    def get(self, subscription_id: str) -> HostedSubscription:
        """Return a subscription.

        Raises:
            Refusal: 404, there is no such subscription.
        """
        with self._tenant.lock:
            found = self._all.get(subscription_id.lower())
            if found and self.is_active(found):
                return found
        raise Refusal(404, "ResourceNotFound", "The object was not found.")

    def watching(self, copy: EventCopy, kind: str) -> list[HostedSubscription]:
        """Return the subscriptions to this kind of change to this copy."""
        return [
            one
            for one in self._of(copy.mailbox)
            if one.calendar in {None, copy.calendar} and kind in one.change_type.split(",")
        ]

    def is_active(self, one: HostedSubscription) -> bool:
        """Return whether a subscription is active; end it if it has expired."""
        if one.ended is None and one.expires <= self._tenant.now():
            self._end(one, one.expires)
        return one.ended is None

    def create(self, sent: Any, *, immutable_ids: bool) -> HostedSubscription:
        """Create a subscription after validating its URLs.

        Raises:
            Refusal: 400, 403, 404 or 409, with Graph's error code.
        """
        with self._tenant.lock:
            created = read_subscription(
                sent,
                self._tenant.now(),
                subscription_id=self._tenant.ids.guid(),
                application_id=self.application_id,
                immutable_ids=immutable_ids,
                length=self.length,
            )
            created.mailbox = self._find_mailbox(created)
            self._check_limits(created)
        for url_to_validate in created.urls:
            self._handshakes.validate(url_to_validate)
        with self._tenant.lock:
            self._check_limits(created)
            self._all[created.id] = created
            self._by_mailbox.setdefault(created.mailbox, []).append(created)
            created.row = self._rows.add(created)
        return created

    def update(self, subscription_id: str, sent: Any) -> HostedSubscription:
        """Renew a subscription, which also reauthorizes it, or change its notification URL.

        Raises:
            Refusal: 400 for anything but `expirationDateTime` and `notificationUrl`, 403, 404.
        """
        found = self.get(subscription_id)
        self._tenant.permissions.check(SUBSCRIBE, found.mailbox)
        if (
            not isinstance(sent, Mapping)
            or not sent
            or {name for name in sent if "@" not in name} - {"expirationDateTime", "notificationUrl"}
        ):
            raise invalid("Only 'expirationDateTime' and 'notificationUrl' can be updated.")
        expires = self._expiry(sent) if "expirationDateTime" in sent else found.expires
        target = url(sent, "notificationUrl") if "notificationUrl" in sent else found.notification_url
        if target != found.notification_url:
            self._handshakes.validate(target)
        with self._tenant.lock:
            found = self.get(subscription_id)
            found.expires, found.notification_url, found.authorized = expires, target, self._tenant.now()
        return found

    def reauthorize(self, subscription_id: str) -> None:
        """Reauthorize a subscription; its expiry stays the same.

        Raises:
            Refusal: 403 or 404.
        """
        found = self.get(subscription_id)
        self._tenant.permissions.check(SUBSCRIBE, found.mailbox)
        found.authorized = self._tenant.now()

    def delete(self, subscription_id: str) -> None:
        """Delete a subscription.

        Raises:
            Refusal: 404, there is no such subscription.
        """
        with self._tenant.lock:
            self._end(self.get(subscription_id), self._tenant.now())

    def _expiry(self, sent: Mapping[str, Any]) -> datetime:
        return expiry(sent, self._tenant.now(), self.length)

    def _of(self, mailbox: str) -> list[HostedSubscription]:
        return [one for one in list(self._by_mailbox.get(mailbox, ())) if self.is_active(one)]

    def _end(self, one: HostedSubscription, at: datetime) -> None:
        one.ended = at
        del self._all[one.id]
        self._by_mailbox[one.mailbox].remove(one)
        if not self.habits.listed_after_end:
            self._rows.drop(one.row)

    def _find_mailbox(self, created: HostedSubscription) -> str:
        """Return the mailbox of a new subscription, if it exists and the app has the permission."""
        try:
            owner = self._tenant.directory.owner(created.mailbox)
        except Refusal as refusal:
            raise _extension_error(
                404, "NotFound", f"REST API is not yet supported for this mailbox. {refusal.code}"
            ) from refusal
        if not self._tenant.permissions.has(SUBSCRIBE, owner.id):
            raise _extension_error(403, "Forbidden", NO_ODATA)
        if created.calendar:
            self._tenant.mailboxes.of(owner.id).calendar(created.calendar)
        return owner.id

    def _is_duplicate(self, created: HostedSubscription, one: HostedSubscription) -> bool:
        if self.habits.one_per_resource:
            return created.key[0] == one.key[0]
        return created.key == one.key and not self.habits.duplicates

    def _check_limits(self, created: HostedSubscription) -> None:
        """Refuse a duplicate, and more subscriptions than the limit."""
        present = self._of(created.mailbox)
        for one in present:
            if self._is_duplicate(created, one):
                raise Refusal(
                    409,
                    "Conflict",
                    f"Subscription Id <{one.id}> already exists for the requested combination",
                )
        if len(present) + self.others[created.mailbox] >= MOST_PER_MAILBOX:
            reason = f"The mailbox has reached its limit of {MOST_PER_MAILBOX} active subscriptions."
            raise _extension_error(403, "Forbidden", reason)


def _extension_error(status: int, kind: str, reason: str) -> Refusal:
    return Refusal(
        status,
        "ExtensionError",
        f"Operation: Create; Exception: [Status Code: {kind}; Reason: {reason}]",
    )
