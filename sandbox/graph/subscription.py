"""One subscription, and the validation of the requests that create it.

https://learn.microsoft.com/graph/api/resources/subscription
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sandbox.graph import zones
from sandbox.graph.errors import Refusal

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
class HostedSubscription:
    """One subscription; `calendar` is None for a subscription to the whole mailbox."""

    id: str
    application_id: str
    change_type: str
    resource: str
    mailbox: str
    calendar: str | None
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    created: datetime
    expires: datetime
    #: when the app last created, renewed or reauthorized it
    authorized: datetime
    immutable_ids: bool
    tls: str
    #: when it ended: it expired or was deleted, or Graph removed it
    ended: datetime | None = None
    #: its row in the list of all subscriptions
    row: int = -1

    @property
    def key(self) -> tuple[str, frozenset[str]]:
        """Resource and change types; two subscriptions of an app with the same key are a conflict."""
        return self.resource.strip("/").lower(), frozenset(self.change_type.split(","))

    @property
    def urls(self) -> list[str]:
        """The URLs to validate, each one even if they are equal."""
        return [self.notification_url, *([self.lifecycle_url] if self.lifecycle_url else [])]

    def as_json(self) -> dict[str, Any]:
        """Return the subscription as JSON; Graph never returns the clientState."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthLimit:
    """The longest subscription that Graph accepts, and the text with which it refuses a longer one.

    Global Graph accepts 10,080 minutes. For 4,230 minutes, an app reports this code and text.
    """

    longest: timedelta = LONGEST
    code: str = "ExtensionError"
    status: int = 400
    #: what the text says in place of the number of minutes, None for the true number
    named: str | None = None

    def refusal(self) -> Refusal:
        """Return the refusal of a longer subscription."""
        named = f"{self.longest // timedelta(minutes=1)}" if self.named is None else self.named
        text = f"Subscription expiration can only be {named} minutes in the future."
        return Refusal(self.status, self.code, text)


def read_subscription(
    sent: Any,
    now: datetime,
    *,
    subscription_id: str,
    application_id: str,
    immutable_ids: bool,
    length: LengthLimit,
) -> HostedSubscription:
    """Read the body of a create call; `mailbox` is the user in the resource path, an id or a name.

    Raises:
        Refusal: 400, a property is not valid.
    """
    if not isinstance(sent, Mapping) or {name for name in sent if "@" not in name} - _SENT:
        raise invalid("The subscription has properties that can't be set.")
    change_type = str(sent.get("changeType") or "").replace(" ", "")
    if not set(change_type.split(",")) <= _CHANGE_TYPES:
        raise invalid("The 'changeType' must contain only created, updated, deleted.")
    if len(sent.get("clientState") or "") > _CLIENT_STATE_LENGTH:
        raise invalid(f"The 'clientState' exceeds {_CLIENT_STATE_LENGTH} characters.")
    resource = str(sent.get("resource") or "")
    match = _RESOURCE.match(resource)
    if not match:
        raise invalid(f"The resource '{resource}' is not supported.")
    has_lifecycle = bool(sent.get("lifecycleNotificationUrl"))
    return HostedSubscription(
        id=subscription_id,
        application_id=application_id,
        change_type=sys.intern(change_type),
        resource=resource,
        mailbox=match["user"],
        calendar=match["calendar"],
        notification_url=url(sent, "notificationUrl"),
        lifecycle_url=url(sent, "lifecycleNotificationUrl") if has_lifecycle else None,
        client_state=sent.get("clientState"),
        created=now,
        expires=expiry(sent, now, length),
        authorized=now,
        immutable_ids=immutable_ids,
        tls=sent.get("latestSupportedTlsVersion") or "v1_2",
    )


def expiry(sent: Mapping[str, Any], now: datetime, length: LengthLimit) -> datetime:
    """Read the expiry. Graph raises a time under 45 minutes to 45 minutes.

    Raises:
        Refusal: 400, it is in the past or too far ahead.
    """
    wanted = zones.instant(sent.get("expirationDateTime") or "", "expirationDateTime")
    if wanted <= now:
        raise invalid("The 'expirationDateTime' is in the past.")
    if wanted > now + length.longest:
        raise length.refusal()
    return max(wanted, now + SHORTEST)


def url(sent: Mapping[str, Any], name: str) -> str:
    """Read a URL: https, or http on this machine for the sandbox.

    Raises:
        Refusal: 400, it is not such a URL.
    """
    text = str(sent.get(name) or "")
    parts = urlsplit(text)
    if parts.hostname and (parts.scheme == "https" or parts.hostname in {"127.0.0.1", "localhost", "::1"}):
        return sys.intern(text)
    raise invalid(f"The '{name}' must be an https URL.")


def invalid(message: str) -> Refusal:
    """Return the refusal for a body that is not valid."""
    return Refusal(400, "InvalidRequest", message)
