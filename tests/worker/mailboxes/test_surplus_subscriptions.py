"""Which subscriptions are surplus."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.mailbox import Subscription
from shared.storage.mailboxes import Mailbox, MailboxState
from shared.worker.mailboxes.surplus_subscriptions import is_surplus

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FOUND = Subscription(
    id="s1",
    resource="/users/ada/events",
    change_type="created,updated",
    notification_url="https://here",
    lifecycle_url="https://here",
    expires=NOW,
)


def row(subscription: str, **columns: Any) -> Mailbox:
    """A row that names `subscription`."""
    named = frozenset({subscription} - {""})
    return Mailbox(id="ada", subscription=subscription, subscriptions=named, **columns)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param(row("s2"), True, id="the row names another"),
        pytest.param(row("s1"), False, id="the row names it"),
        pytest.param(Mailbox(id="ada", subscription="s2", subscriptions=frozenset({"s1", "s2"})), False, id="a later release named it"),
        pytest.param(row("s2", unclear="a later version wrote it"), False, id="the row is unclear"),
        pytest.param(row(""), False, id="a task may adopt it"),
        pytest.param(row("", state=MailboxState.REMOVED), True, id="the mailbox left the scope"),
        pytest.param(row("", state=MailboxState.UNUSABLE, why="kind_not_in_scope"), True, id="the mailbox is of another kind"),
        pytest.param(row("", state=MailboxState.UNUSABLE, why="MailboxNotEnabledForRESTAPI"), False, id="the mailbox is tried again"),
        pytest.param(row("s2", making_until=NOW + MINUTE), False, id="a task may have just created it"),
        pytest.param(row("s2", making_until=NOW), True, id="that task is over"),
        pytest.param(row("s2", making_until=NOW + 61 * MINUTE), True, id="a wrong clock wrote the time of the task"),
    ],
)  # fmt: skip
def test_a_subscription_that_its_mailbox_does_not_need_is_surplus(known: Mailbox, *, expected: bool) -> None:
    assert is_surplus(FOUND, known, NOW) is expected
