"""The calls about subscriptions (https://learn.microsoft.com/graph/api/resources/subscription)."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

from shared.errors import GraphError, MailboxUnusable, NotValidated, SubscriptionExists, SubscriptionNotFound
from shared.graph.protocol import Call, segment, utc_text

#: Graph takes 10,080 minutes, counted on its own clock; four hours less are safe.
LIFETIME = timedelta(days=6, hours=20)
#: One app has one subscription for each pair of resource and changeType. So that another can be made before
#: the old one is deleted there are two ways to say the same: the webhook drops what was deleted.
CHANGE_TYPES = ("created,updated", "created,updated,deleted")

_RESOURCE = re.compile(r"/?users(?:/|\(')([^/']+)(?:'\))?/events/?", re.IGNORECASE)
_BY_ID: Mapping[int, type[GraphError]] = {
    HTTPStatus.NOT_FOUND: SubscriptionNotFound,
    HTTPStatus.GONE: SubscriptionNotFound,
    HTTPStatus.BAD_REQUEST: NotValidated,
}


def create_subscription(
    mailbox: str, *, change_type: str, url: str, client_state: str, expires: datetime
) -> Call:
    """POST a subscription; `url` takes the notifications of both kinds.

    The lifecycle URL can't be added later, and neither can immutable ids.
    """
    return Call(
        name="create the subscription",
        method="POST",
        mailbox=mailbox,
        path="/subscriptions",
        headers={"Prefer": 'IdType="ImmutableId"'},
        json={
            "changeType": change_type,
            "resource": f"users/{mailbox}/events",
            "notificationUrl": url,
            "lifecycleNotificationUrl": url,
            "expirationDateTime": utc_text(expires),
            "clientState": client_state,
            "latestSupportedTlsVersion": "v1_2",
        },
        errors={
            HTTPStatus.NOT_FOUND: MailboxUnusable,
            HTTPStatus.CONFLICT: SubscriptionExists,
            HTTPStatus.BAD_REQUEST: NotValidated,
        },
    )


def renew_subscription(subscription: str, *, expires: datetime) -> Call:
    """PATCH the expiry, which reauthorizes, too: never send both within ten minutes.

    The notification URL is left as it is: its twin for lifecycle notifications can't be changed, so a new
    address takes a new subscription (https://learn.microsoft.com/graph/change-notifications-lifecycle-events).
    """
    return Call(
        name="renew the subscription",
        method="PATCH",
        path=_path(subscription),
        json={"expirationDateTime": utc_text(expires)},
        errors=_BY_ID,
    )


def read_subscription(subscription: str) -> Call:
    """Get one subscription."""
    return Call(name="read the subscription", method="GET", path=_path(subscription), errors=_BY_ID)


def delete_subscription(subscription: str) -> Call:
    """Delete one subscription."""
    return Call(name="delete the subscription", method="DELETE", path=_path(subscription), errors=_BY_ID)


def list_subscriptions() -> Call:
    """Get the app's subscriptions, a page of them; Graph allows 25 such calls in 20 seconds."""
    return Call(name="list the subscriptions", method="GET", path="/subscriptions")


def mailbox_watched(resource: str) -> str | None:
    """Return the user whose events a subscription is about, None where it is about something else."""
    match = _RESOURCE.fullmatch(resource)
    return match[1].lower() if match else None


def _path(subscription: str) -> str:
    return f"/subscriptions/{segment(subscription, SubscriptionNotFound)}"
