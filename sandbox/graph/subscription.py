"""One subscription as Graph keeps and shows it, and what a client may ask for in one.

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
    created: datetime
    expires: datetime
    #: when the app last proved that it may: by making, renewing or reauthorizing it
    authorized: datetime
    immutable_ids: bool
    tls: str
    #: when it was over: it expired, was deleted, or Graph removed it
    ended: datetime | None = None
    #: where it stands in the list of all
    row: int = -1

    @property
    def key(self) -> tuple[str, frozenset[str]]:
        """What no two subscriptions of an app may share."""
        return self.resource.strip("/").lower(), frozenset(self.change_type.split(","))

    @property
    def urls(self) -> list[str]:
        """The URLs that have to prove themselves, each for itself though they be equal."""
        return [self.notification_url, *([self.lifecycle_url] if self.lifecycle_url else [])]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A create call's body, read and found in order; `user` and `calendar` are as they stand in the path."""

    change_type: str
    resource: str
    user: str
    calendar: str | None
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires: datetime
    tls: str

    @classmethod
    def read(cls, sent: Any, now: datetime) -> "Wish":
        """Read a body.

        Raises:
            Refusal: 400.
        """
        if not isinstance(sent, Mapping) or sent.keys() - _SENT:
            raise invalid("The subscription has properties that can't be set.")
        change_type = str(sent.get("changeType") or "").replace(" ", "")
        if not set(change_type.split(",")) <= _CHANGE_TYPES:
            raise invalid("The 'changeType' is none of created, updated, deleted.")
        if len(sent.get("clientState") or "") > _CLIENT_STATE_LENGTH:
            raise invalid(f"The 'clientState' exceeds {_CLIENT_STATE_LENGTH} characters.")
        resource = str(sent.get("resource") or "")
        match = _RESOURCE.match(resource)
        if not match:
            raise invalid(f"The resource '{resource}' is not supported.")
        has_lifecycle = bool(sent.get("lifecycleNotificationUrl"))
        return cls(
            change_type=sys.intern(change_type),
            resource=resource,
            user=match["user"],
            calendar=match["calendar"],
            notification_url=url(sent, "notificationUrl"),
            lifecycle_url=url(sent, "lifecycleNotificationUrl") if has_lifecycle else None,
            client_state=sent.get("clientState"),
            expires=expiry(sent, now),
            tls=sent.get("latestSupportedTlsVersion") or "v1_2",
        )


def expiry(sent: Mapping[str, Any], now: datetime) -> datetime:
    """Read the expiry: at most seven days ahead, and at least 45 minutes, to which Graph raises it.

    Raises:
        Refusal: 400.
    """
    wanted = zones.instant(sent.get("expirationDateTime") or "", "expirationDateTime")
    if wanted <= now:
        raise invalid("The 'expirationDateTime' is in the past.")
    if wanted > now + LONGEST:
        raise invalid("Subscription expiration can only be 10080 minutes in the future.")
    return max(wanted, now + SHORTEST)


def url(sent: Mapping[str, Any], name: str) -> str:
    """Read a URL: https, or plain http on this machine, where the sandbox lives.

    Raises:
        Refusal: 400.
    """
    text = str(sent.get(name) or "")
    parts = urlsplit(text)
    if parts.hostname and (parts.scheme == "https" or parts.hostname in {"127.0.0.1", "localhost", "::1"}):
        return sys.intern(text)
    raise invalid(f"The '{name}' must be an https URL.")


def invalid(message: str) -> Refusal:
    """Return the refusal for a body that is out of order."""
    return Refusal(400, "InvalidRequest", message)
