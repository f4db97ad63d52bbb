import pytest

from shared.errors import GraphUnavailable
from shared.graph.protocol.subscription_json import parse_subscription, parse_subscriptions


def test_an_unreadable_subscription_does_not_affect_others() -> None:
    """A single one is retried: if Graph has just created it, the next attempt finds it."""
    good = {"id": "s", "resource": "users/a/events", "expirationDateTime": "2026-11-30T04:00:00Z"}

    assert [one.id for one in parse_subscriptions({"value": [None, {"id": "x"}, good, 7]}, "c")] == ["s"]
    with pytest.raises(GraphUnavailable):
        parse_subscription({"id": None}, "create the subscription")
