"""Subscriptions to changes of events (https://learn.microsoft.com/graph/api/resources/subscription)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import RLock
from typing import Any
from urllib.parse import quote, urlsplit

from sandbox.graph import zones
from sandbox.graph.directory import Directory
from sandbox.graph.errors import Refusal
from sandbox.graph.event import EventCopy
from sandbox.graph.ids import Ids
from sandbox.graph.mailboxes import Mailboxes
from sandbox.graph.posting import Reply

LONGEST = timedelta(minutes=10_080)
SHORTEST = timedelta(minutes=45)
_CLIENT_STATE_LENGTH = 128
_CHANGE_TYPES = frozenset({"created", "updated", "deleted"})
_RESOURCE = re.compile(r"^/?users/(?P<user>[^/]+)/(?:calendars/(?P<calendar>[^/]+)/)?events$", re.IGNORECASE)
_SENT = frozenset(
    {
        "changeType", "resource", "notificationUrl", "lifecycleNotificationUrl", "expirationDateTime",
        "clientState", "latestSupportedTlsVersion",
    }
)  # fmt: skip


@dataclass(slots=True, kw_only=True, eq=False)
class Subscription:
    """One subscription; `calendar` is None where the whole mailbox is watched."""

    id: str
    application_id: str
    change_type: str
    resource: str
    mailbox: str
    calendar: str | None
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires: datetime
    immutable_ids: bool
    tls: str

    @property
    def key(self) -> tuple[str, frozenset[str]]:
        """What no two subscriptions of an app may share."""
        return self.resource.strip("/").lower(), frozenset(self.change_type.split(","))

    def shown(self) -> dict[str, Any]:
        """Return the subscription as Graph shows it: the clientState never comes back."""
        return {
            "id": self.id,
            "resource": self.resource,
            "applicationId": self.application_id,
            "changeType": self.change_type,
            "clientState": None,
            "notificationUrl": self.notification_url,
            "notificationQueryOptions": None,
            "lifecycleNotificationUrl": self.lifecycle_url,
            "expirationDateTime": zones.date_time_offset(self.expires),
            "creatorId": self.application_id,
            "includeResourceData": None,
            "latestSupportedTlsVersion": self.tls,
            "encryptionCertificate": None,
            "encryptionCertificateId": None,
            "notificationUrlAppId": None,
        }


class Subscriptions:
    """All subscriptions of the app. `validate` asks a URL to prove that it wants notifications.

    The lock is free while a URL is asked: its owner may well call Graph meanwhile.
    """

    def __init__(
        self,
        *,
        directory: Directory,
        mailboxes: Mailboxes,
        ids: Ids,
        now: Callable[[], datetime],
        lock: RLock,
        validate: Callable[[str], Reply],
    ) -> None:
        self._directory = directory
        self._mailboxes = mailboxes
        self._ids = ids
        self._now = now
        self._lock = lock
        self._validate = validate
        self._all: dict[str, Subscription] = {}
        self._by_mailbox: dict[str, list[Subscription]] = {}
        self.application_id = ids.guid()

    def active(self) -> list[Subscription]:
        """Return the subscriptions that live now; expired ones vanish for good."""
        with self._lock:
            return [one for one in list(self._all.values()) if self._lives(one)]

    def get(self, subscription_id: str) -> Subscription:
        """Return a subscription.

        Raises:
            Refusal: 404, it is not there (any more).
        """
        with self._lock:
            found = self._all.get(subscription_id.lower())
            if found and self._lives(found):
                return found
        raise Refusal(404, "ResourceNotFound", "The object was not found.")

    def watching(self, copy: EventCopy, kind: str) -> list[Subscription]:
        """Return the subscriptions that hear of this kind of change to this copy."""
        return [
            one
            for one in self._of(copy.mailbox)
            if one.calendar in {None, copy.calendar} and kind in one.change_type.split(",")
        ]

    def create(self, sent: Any, *, immutable_ids: bool) -> Subscription:
        """Make a subscription once its URLs have answered the handshake.

        Raises:
            Refusal: 400, 404 or 409, as Graph words it.
        """
        with self._lock:
            made = self._draft(sent, immutable_ids=immutable_ids)
            self._refuse_duplicate(made)
        for url in (made.notification_url, made.lifecycle_url):
            if url:
                self._shake_hands(url)
        with self._lock:
            self._refuse_duplicate(made)
            self._all[made.id] = made
            self._by_mailbox.setdefault(made.mailbox, []).append(made)
        return made

    def update(self, subscription_id: str, sent: Any) -> Subscription:
        """Renew a subscription, or send its notifications elsewhere.

        Raises:
            Refusal: 400 for anything but `expirationDateTime` and `notificationUrl`, 404.
        """
        found = self.get(subscription_id)
        if (
            not isinstance(sent, Mapping)
            or not sent
            or sent.keys() - {"expirationDateTime", "notificationUrl"}
        ):
            raise _invalid("Only 'expirationDateTime' and 'notificationUrl' can be updated.")
        expires = self._expiry(sent) if "expirationDateTime" in sent else found.expires
        url = _url(sent, "notificationUrl") if "notificationUrl" in sent else found.notification_url
        if url != found.notification_url:
            self._shake_hands(url)
        with self._lock:
            found.expires, found.notification_url = expires, url
        return found

    def delete(self, subscription_id: str) -> None:
        """End a subscription.

        Raises:
            Refusal: 404, it is not there (any more).
        """
        with self._lock:
            self._forget(self.get(subscription_id))

    def _of(self, mailbox: str) -> list[Subscription]:
        return [one for one in list(self._by_mailbox.get(mailbox, ())) if self._lives(one)]

    def _lives(self, one: Subscription) -> bool:
        """Tell whether a subscription lives; an expired one vanishes when somebody looks."""
        if one.expires > self._now():
            return True
        self._forget(one)
        return False

    def _forget(self, one: Subscription) -> None:
        del self._all[one.id]
        self._by_mailbox[one.mailbox].remove(one)

    def _draft(self, sent: Any, *, immutable_ids: bool) -> Subscription:
        if not isinstance(sent, Mapping) or sent.keys() - _SENT:
            raise _invalid("The subscription has properties that can't be set.")
        change_type = str(sent.get("changeType") or "").replace(" ", "")
        if not set(change_type.split(",")) <= _CHANGE_TYPES:
            raise _invalid("The 'changeType' is none of created, updated, deleted.")
        if len(sent.get("clientState") or "") > _CLIENT_STATE_LENGTH:
            raise _invalid(f"The 'clientState' exceeds {_CLIENT_STATE_LENGTH} characters.")
        resource = str(sent.get("resource") or "")
        mailbox, calendar = self._watched(resource)
        lifecycle = _url(sent, "lifecycleNotificationUrl") if sent.get("lifecycleNotificationUrl") else None
        return Subscription(
            id=self._ids.guid(),
            application_id=self.application_id,
            change_type=change_type,
            resource=resource,
            mailbox=mailbox,
            calendar=calendar,
            notification_url=_url(sent, "notificationUrl"),
            lifecycle_url=lifecycle,
            client_state=sent.get("clientState"),
            expires=self._expiry(sent),
            immutable_ids=immutable_ids,
            tls=sent.get("latestSupportedTlsVersion") or "v1_2",
        )

    def _watched(self, resource: str) -> tuple[str, str | None]:
        match = _RESOURCE.match(resource)
        if not match:
            raise _invalid(f"The resource '{resource}' is not supported.")
        try:
            owner = self._directory.owner(match["user"])
        except Refusal as refusal:
            raise Refusal(
                404,
                "ExtensionError",
                "Operation: Create; Exception: [Status Code: NotFound; Reason: REST API is not yet supported"
                f" for this mailbox. {refusal.code}]",
            ) from refusal
        if match["calendar"]:
            self._mailboxes.of(owner.id).calendar(match["calendar"])
        return owner.id, match["calendar"]

    def _expiry(self, sent: Mapping[str, Any]) -> datetime:
        """Read the expiry: at most seven days ahead, and at least 45 minutes, to which Graph raises it."""
        now = self._now()
        wanted = zones.instant(sent.get("expirationDateTime") or "", "expirationDateTime")
        if wanted <= now:
            raise _invalid("The 'expirationDateTime' is in the past.")
        if wanted > now + LONGEST:
            raise _invalid("Subscription expiration can only be 10080 minutes in the future.")
        return max(wanted, now + SHORTEST)

    def _refuse_duplicate(self, made: Subscription) -> None:
        for one in self._of(made.mailbox):
            if one.key == made.key:
                raise Refusal(
                    409,
                    "Conflict",
                    f"Subscription Id <{one.id}> already exists for the requested combination",
                )

    def _shake_hands(self, url: str) -> None:
        """POST a token to the URL, which must come back decoded, as plain text, within ten seconds."""
        with self._lock:
            token = (
                "Validation: Testing client application reachability for subscription"
                f" Request-Id: {self._ids.guid()}"
            )
        joint = "&" if urlsplit(url).query else "?"
        try:
            reply = self._validate(f"{url}{joint}validationToken={quote(token, safe='')}")
        except TimeoutError as error:
            raise _unreachable("Subscription validation request timed out.") from error
        except OSError as error:
            raise _unreachable("Subscription validation request failed: no answer.") from error
        is_text = reply.content_type.partition(";")[0].strip().lower() == "text/plain"
        if reply.status != 200 or not is_text or reply.body != token.encode():  # noqa: PLR2004 -- HTTP OK
            raise _unreachable(
                "Subscription validation request failed. Notification endpoint must respond with 200 OK"
                f" to validation request. Status: {reply.status}, content type: {reply.content_type}"
            )


def _url(sent: Mapping[str, Any], name: str) -> str:
    """Read a URL: https, or plain http on this machine, where the sandbox lives."""
    url = str(sent.get(name) or "")
    parts = urlsplit(url)
    if parts.hostname and (parts.scheme == "https" or parts.hostname in {"127.0.0.1", "localhost", "::1"}):
        return url
    raise _invalid(f"The '{name}' must be an https URL.")


def _invalid(message: str) -> Refusal:
    return Refusal(400, "InvalidRequest", message)


def _unreachable(message: str) -> Refusal:
    return Refusal(400, "ValidationError", message)
