"""How the doctor names other deployments of the app registration."""

from collections.abc import Iterable
from datetime import UTC, datetime

from shared.desk.other_deployments import other_deployments
from shared.domain.mailbox import Subscription
from shared.errors import StorageUnavailable
from shared.storage.other_deployments import OtherDeployment

OURS = "https://ours.example/api/notifications?code=k"


def listed(*urls: str, resource: str = "users/a/events") -> list[Subscription]:
    return [
        Subscription(
            id="s",
            resource=resource,
            change_type="created",
            notification_url=url,
            lifecycle_url=url,
            expires=datetime(2026, 11, 23, tzinfo=UTC),
        )
        for url in urls
    ]


def texts(
    found: Iterable[OtherDeployment], subscriptions: Iterable[Subscription], own_url: str = OURS
) -> list[str]:
    return [one.text for one in other_deployments(lambda: found, subscriptions, own_url)]


def test_each_other_address_is_named_once() -> None:
    """What the app recorded and what Graph lists now are the same deployment; its key is not shown."""
    [first, second] = texts(
        [OtherDeployment("https://a.example/x", 5, 2)],
        listed(OURS.replace("=k", "=other"), "https://a.example/x?code=k", "https://b.example/x?code=k"),
    )

    assert first.startswith(
        "https://a.example/x has at least 5 subscriptions of this app registration, 2 of them to mailboxes"
    )
    assert second.startswith("https://b.example/x has at least 1 subscription of this app registration. ")


def test_subscriptions_to_other_things_are_not_deployments() -> None:
    """Another product may use the same app registration, for mail for example."""
    assert texts([], listed("https://a.example/x", resource="users/a/messages")) == []


def test_without_our_own_address_nothing_is_known_of_others() -> None:
    """The missing setting has a line of its own."""
    assert texts([], listed("https://a.example/x"), "") == []
    assert texts([], listed("not a URL"))[0].startswith("an address that is not a URL has")


def test_a_record_that_can_not_be_read_is_no_error() -> None:
    """What Graph lists is still shown."""

    def fail() -> Iterable[OtherDeployment]:
        raise StorageUnavailable("no answer")

    found = list(other_deployments(fail, listed("https://a.example/x"), OURS))

    assert [one.is_ok for one in found] == [None, None]
    assert "no answer" in found[0].text
