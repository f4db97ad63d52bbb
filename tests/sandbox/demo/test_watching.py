from sandbox.demo.watching import Watching, watching
from tests.sandbox.demo.record import ADDED, KEY, ONLINE, lifecycle_post, line, maintained, subscribed, swept


def test_the_days_care_is_counted() -> None:
    """From log lines; that a subscription was removed, only Graph can say."""
    lines = [
        maintained(),
        subscribed(),
        subscribed(because="subscription_removed"),
        subscribed("subscription_replaced", "quiet"),
        {"event": "mailbox.renewed"},
        swept(0),
        swept(2),
        line(ADDED, source="sweep"),
        line(ONLINE),
        maintained(active=2, unusable=3),
    ]

    told = ("subscriptionRemoved", "missed", "reauthorizationRequired")
    assert watching(lines, [lifecycle_post(one) for one in told]) == Watching(
        made=1,
        removed=1,
        doubted=1,
        remade=1,
        replaced=1,
        renewed=1,
        sweeps=2,
        found=frozenset({KEY}),
        missed=2,
        parked=3,
    )


def test_an_event_that_was_heard_of_is_not_found() -> None:
    """A sweep that looks at it again brings nothing to light."""
    assert watching([line(ONLINE), line(ADDED, source="sweep")], []).found == frozenset()
