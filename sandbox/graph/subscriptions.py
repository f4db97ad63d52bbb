"""All subscriptions of the app: made, renewed, ended, listed, with the habits that developers report."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from sandbox.graph.directory import TenantDirectory
from sandbox.graph.errors import Refusal
from sandbox.graph.event import EventCopy
from sandbox.graph.handshakes import Handshakes
from sandbox.graph.ids import Ids
from sandbox.graph.mailboxes import HostedMailboxes
from sandbox.graph.permissions import SUBSCRIBE, Permissions
from sandbox.graph.rows import Rows
from sandbox.graph.subscription import HostedSubscription, Wish, expiry, invalid, url

#: Active subscriptions per mailbox, those of all apps together.
MOST_PER_MAILBOX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionHabits:
    """What Graph's promises are worth; as it stands, all.

    `duplicates` True makes a second subscription to the same where a 409 is due. The list leaves out a
    new one `unlisted_for` so long, and shows one `listed_after_end`, be it expired or deleted.
    """

    duplicates: bool = False
    unlisted_for: timedelta = timedelta(0)
    listed_after_end: timedelta = timedelta(0)


class HostedSubscriptions:
    """The subscriptions, by id, by mailbox and in a list.

    The lock is free while a URL is asked: its owner may well call Graph meanwhile. `others` counts the
    subscriptions that other apps hold, by mailbox.
    """

    def __init__(
        self,
        *,
        directory: TenantDirectory,
        mailboxes: HostedMailboxes,
        permissions: Permissions,
        handshakes: Handshakes,
        ids: Ids,
        now: Callable[[], datetime],
        lock: RLock,
    ) -> None:
        self._directory = directory
        self._mailboxes = mailboxes
        self._permissions = permissions
        self._handshakes = handshakes
        self._ids = ids
        self._now = now
        self._lock = lock
        self._all: dict[str, HostedSubscription] = {}
        self._by_mailbox: dict[str, list[HostedSubscription]] = {}
        self._rows: Rows[HostedSubscription] = Rows()
        self.application_id = ids.guid()
        self.habits = SubscriptionHabits()
        self.others: Counter[str] = Counter()

    def active(self, start: int = 0) -> Iterator[tuple[int, HostedSubscription]]:
        """Yield the subscriptions that live now with their rows, from a row on."""
        return ((row, one) for row, one in self._rows.walk(start) if self.lives(one))

    def listed(self, start: int = 0) -> Iterator[tuple[int, HostedSubscription]]:
        """Yield what the list shows, as `active` does; it may be behind the times."""
        now, habits = self._now(), self.habits
        for row, one in self._rows.walk(start):
            if self.lives(one):
                if one.created + habits.unlisted_for <= now:
                    yield row, one
            elif one.ended and one.ended + habits.listed_after_end > now:
                yield row, one
            else:
                self._rows.drop(row)

    def get(self, subscription_id: str) -> HostedSubscription:
        """Return a subscription.

        Raises:
            Refusal: 404, it is not there (any more).
        """
        with self._lock:
            found = self._all.get(subscription_id.lower())
            if found and self.lives(found):
                return found
        raise Refusal(404, "ResourceNotFound", "The object was not found.")

    def watching(self, copy: EventCopy, kind: str) -> list[HostedSubscription]:
        """Return the subscriptions that hear of this kind of change to this copy."""
        return [
            one
            for one in self._of(copy.mailbox)
            if one.calendar in {None, copy.calendar} and kind in one.change_type.split(",")
        ]

    def lives(self, one: HostedSubscription) -> bool:
        """Tell whether a subscription lives; an expired one vanishes when somebody looks."""
        if one.ended is None and one.expires <= self._now():
            self._end(one, one.expires)
        return one.ended is None

    def create(self, sent: Any, *, immutable_ids: bool) -> HostedSubscription:
        """Make a subscription once its URLs have answered the handshake.

        Raises:
            Refusal: 400, 403, 404 or 409, as Graph words it.
        """
        with self._lock:
            made = self._draft(Wish.read(sent, self._now()), immutable_ids=immutable_ids)
            self._check_room(made)
        for asked in made.urls:
            self._handshakes.shake(asked)
        with self._lock:
            self._check_room(made)
            self._all[made.id] = made
            self._by_mailbox.setdefault(made.mailbox, []).append(made)
            made.row = self._rows.add(made)
        return made

    def update(self, subscription_id: str, sent: Any) -> HostedSubscription:
        """Renew a subscription, which reauthorizes it, too, or send its notifications elsewhere.

        Raises:
            Refusal: 400 for anything but `expirationDateTime` and `notificationUrl`, 403, 404.
        """
        found = self.get(subscription_id)
        self._permissions.check(SUBSCRIBE, found.mailbox)
        if (
            not isinstance(sent, Mapping)
            or not sent
            or sent.keys() - {"expirationDateTime", "notificationUrl"}
        ):
            raise invalid("Only 'expirationDateTime' and 'notificationUrl' can be updated.")
        expires = expiry(sent, self._now()) if "expirationDateTime" in sent else found.expires
        target = url(sent, "notificationUrl") if "notificationUrl" in sent else found.notification_url
        if target != found.notification_url:
            self._handshakes.shake(target)
        with self._lock:
            found = self.get(subscription_id)
            found.expires, found.notification_url, found.authorized = expires, target, self._now()
        return found

    def reauthorize(self, subscription_id: str) -> None:
        """Take note that the app still may; this does not lengthen a subscription's life.

        Raises:
            Refusal: 403, or 404, it is not there (any more).
        """
        found = self.get(subscription_id)
        self._permissions.check(SUBSCRIBE, found.mailbox)
        found.authorized = self._now()

    def delete(self, subscription_id: str) -> None:
        """End a subscription.

        Raises:
            Refusal: 404, it is not there (any more).
        """
        with self._lock:
            self._end(self.get(subscription_id), self._now())

    def _of(self, mailbox: str) -> list[HostedSubscription]:
        return [one for one in list(self._by_mailbox.get(mailbox, ())) if self.lives(one)]

    def _end(self, one: HostedSubscription, at: datetime) -> None:
        one.ended = at
        del self._all[one.id]
        self._by_mailbox[one.mailbox].remove(one)
        if not self.habits.listed_after_end:
            self._rows.drop(one.row)

    def _draft(self, wish: Wish, *, immutable_ids: bool) -> HostedSubscription:
        now = self._now()
        return HostedSubscription(
            id=self._ids.guid(),
            application_id=self.application_id,
            change_type=wish.change_type,
            resource=wish.resource,
            mailbox=self._watched(wish),
            calendar=wish.calendar,
            notification_url=wish.notification_url,
            lifecycle_url=wish.lifecycle_url,
            client_state=wish.client_state,
            created=now,
            expires=wish.expires,
            authorized=now,
            immutable_ids=immutable_ids,
            tls=wish.tls,
        )

    def _watched(self, wish: Wish) -> str:
        """Return the mailbox that is to be watched, if it is there and the app may."""
        try:
            owner = self._directory.owner(wish.user)
        except Refusal as refusal:
            raise _extension_error(
                404, "NotFound", f"REST API is not yet supported for this mailbox. {refusal.code}"
            ) from refusal
        if not self._permissions.hold(SUBSCRIBE, owner.id):
            raise _extension_error(403, "Forbidden", "Access to OData is disabled.")
        if wish.calendar:
            self._mailboxes.of(owner.id).calendar(wish.calendar)
        return owner.id

    def _check_room(self, made: HostedSubscription) -> None:
        """Refuse a second subscription to the same, and one too many."""
        present = self._of(made.mailbox)
        for one in present:
            if one.key == made.key and not self.habits.duplicates:
                raise Refusal(
                    409,
                    "Conflict",
                    f"Subscription Id <{one.id}> already exists for the requested combination",
                )
        if len(present) + self.others[made.mailbox] >= MOST_PER_MAILBOX:
            reason = f"The mailbox has reached its limit of {MOST_PER_MAILBOX} active subscriptions."
            raise _extension_error(403, "Forbidden", reason)


def _extension_error(status: int, kind: str, reason: str) -> Refusal:
    return Refusal(
        status,
        "ExtensionError",
        f"Operation: Create; Exception: [Status Code: {kind}; Reason: {reason}]",
    )
