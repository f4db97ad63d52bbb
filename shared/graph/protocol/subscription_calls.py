"""The calls about subscriptions (https://learn.microsoft.com/graph/api/resources/subscription)."""

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from shared.errors import (
    EventNotFound,
    GraphError,
    MailboxUnusable,
    NotValidated,
    SubscriptionExists,
    SubscriptionNotFound,
)
from shared.graph.protocol.call import GraphCall, path_segment, utc_text

#: Graph allows one subscription for each pair of resource and changeType. With two equivalent values Joinlink
#: can create the next subscription before it deletes the old one: the webhook drops what was deleted.
CHANGE_TYPES = ("created,updated", "created,updated,deleted")

_RESOURCE = re.compile(
    r"/?users(?:/|\(')([^/']+)(?:'\))?/(?:calendars(?:/|\(')[^/']+(?:'\))?/)?events/?", re.IGNORECASE
)
_ERRORS_BY_ID: Mapping[int, type[GraphError]] = {
    HTTPStatus.NOT_FOUND: SubscriptionNotFound,
    HTTPStatus.GONE: SubscriptionNotFound,
    HTTPStatus.BAD_REQUEST: NotValidated,
}


def create_subscription(
    mailbox: str, *, change_type: str, url: str, client_state: str, expires: datetime, calendar: str = ""
) -> GraphCall:
    """POST a subscription; `url` receives change and lifecycle notifications.

    Without the id of a `calendar`, it is to the events of the mailbox. Neither the lifecycle URL nor
    immutable ids can be added later.
    """
    # A resource is not encoded, unlike a path; an id has no character that would need it.
    place = f"/calendars/{calendar}" if calendar else ""
    return GraphCall(
        name="create the subscription",
        method="POST",
        mailbox=mailbox,
        path="/subscriptions",
        headers={"Prefer": 'IdType="ImmutableId"'},
        json={
            "changeType": change_type,
            "resource": f"users/{mailbox}{place}/events",
            "notificationUrl": url,
            "lifecycleNotificationUrl": url,
            "expirationDateTime": utc_text(expires),
            "clientState": client_state,
            "latestSupportedTlsVersion": "v1_2",
        },
        errors={
            HTTPStatus.NOT_FOUND: EventNotFound if calendar else MailboxUnusable,
            HTTPStatus.CONFLICT: SubscriptionExists,
            HTTPStatus.BAD_REQUEST: NotValidated,
        },
        sets_expiry=True,
    )


def renew_subscription(subscription: str, *, expires: datetime) -> GraphCall:
    """PATCH the expiry. This also reauthorizes: never send both within ten minutes.

    The notification URL stays as it is: the lifecycle URL can't be changed, so a new address needs a new
    subscription (https://learn.microsoft.com/graph/change-notifications-lifecycle-events).
    """
    return GraphCall(
        name="renew the subscription",
        method="PATCH",
        path=_path(subscription),
        json={"expirationDateTime": utc_text(expires)},
        errors=_ERRORS_BY_ID,
        sets_expiry=True,
    )


def read_subscription(subscription: str) -> GraphCall:
    """Get one subscription."""
    return GraphCall(
        name="read the subscription", method="GET", path=_path(subscription), errors=_ERRORS_BY_ID
    )


def delete_subscription(subscription: str) -> GraphCall:
    """Delete one subscription."""
    return GraphCall(
        name="delete the subscription", method="DELETE", path=_path(subscription), errors=_ERRORS_BY_ID
    )


def list_subscriptions() -> GraphCall:
    """Get the first page of the app's subscriptions; Graph allows 25 such calls in 20 seconds."""
    return GraphCall(name="list the subscriptions", method="GET", path="/subscriptions")


def watched_mailbox(resource: str) -> str | None:
    """Return the user whose events a subscription watches, None where it watches something else."""
    match = _RESOURCE.fullmatch(resource)
    return match[1].lower() if match else None


def _path(subscription: str) -> str:
    return f"/subscriptions/{path_segment(subscription, SubscriptionNotFound)}"
