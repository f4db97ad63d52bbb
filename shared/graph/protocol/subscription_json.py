"""Reads Graph's JSON of subscriptions; an unreadable one never affects the others of its page."""

from contextlib import suppress
from typing import Any

from shared.domain.mailbox import Subscription
from shared.errors import GraphUnavailable
from shared.graph.protocol.json_shapes import ItemId, Shape, Text, page_items, parse_moment, shape_errors


class _Subscription(Shape):
    id: ItemId
    resource: Text = ""
    change_type: Text = ""
    notification_url: Text = ""
    lifecycle_notification_url: Text = ""
    expiration_date_time: str

    def value(self) -> Subscription:
        return Subscription(
            id=self.id,
            resource=self.resource,
            change_type=self.change_type.replace(" ", ""),
            notification_url=self.notification_url,
            lifecycle_url=self.lifecycle_notification_url,
            expires=parse_moment(self.expiration_date_time),
        )


def parse_subscription(data: object, call: str) -> Subscription:
    """Read one subscription.

    Raises:
        GraphUnavailable: it has an unexpected shape; if it was just created, the next attempt finds it.
    """
    with shape_errors(call, GraphUnavailable):
        return _Subscription.model_validate(data).value()


def parse_subscriptions(data: dict[str, Any], call: str) -> tuple[Subscription, ...]:
    """Read a page of subscriptions, without those of an unexpected shape."""
    found = []
    for item in page_items(data, call):
        with suppress(GraphUnavailable):
            found.append(parse_subscription(item, call))
    return tuple(found)
