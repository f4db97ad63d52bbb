"""At which rate tasks are requested."""

from datetime import timedelta

import pytest

from shared.domain.messages import TaskKind
from shared.storage.mailboxes import Mailbox, MailboxState
from shared.worker.mailboxes.plans import MailboxPlan
from shared.worker.mailboxes.task_requests import SPREAD, TaskPacer, is_unsubscribed


def test_a_run_requests_ten_tasks_a_second_until_the_next_run() -> None:
    """The next run requests the rest. Graph's limit, 500 writes in 20 s, is never near."""
    pacer, subscribe = TaskPacer(), MailboxPlan(task=TaskKind.SUBSCRIBE)
    delays = [pacer.delay(subscribe) for _ in range(9_001)]

    assert delays[200] == timedelta(seconds=20)
    assert delays[8_999] == SPREAD - timedelta(seconds=0.1)
    assert delays[9_000] is None


def test_sweeps_do_not_delay_renewals() -> None:
    """They are other calls, with their own limits."""
    pacer = TaskPacer()
    for _ in range(9_001):
        pacer.delay(MailboxPlan(task=TaskKind.SWEEP))

    assert pacer.delay(MailboxPlan(task=TaskKind.SWEEP)) is None
    assert pacer.delay(MailboxPlan(task=TaskKind.RENEW)) == timedelta(0)


def test_a_plan_without_a_task_has_no_delay() -> None:
    assert TaskPacer().delay(MailboxPlan(columns={"why": "guest"})) == timedelta(0)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(Mailbox(id="ada"), True, id="never watched"),
        pytest.param(Mailbox(id="ada", state=MailboxState.REMOVED), True, id="removed"),
        pytest.param(Mailbox(id="ada", state=MailboxState.REMOVED, subscription="s"), False, id="half-way"),
        pytest.param(Mailbox(id="ada", state=MailboxState.ACTIVE), False, id="active without a subscription"),
        pytest.param(Mailbox(id="ada", state=MailboxState.ACTIVE, subscription="s"), False, id="watched"),
    ],
)
def test_a_mailbox_is_unsubscribed_once_its_row_names_no_subscription(
    row: Mailbox, *, expected: bool
) -> None:
    assert is_unsubscribed(row) is expected
