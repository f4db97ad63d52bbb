"""When Graph refuses calls to a mailbox, and when its row is unclear."""

from datetime import timedelta

import pytest

from sandbox.graph import Fault
from shared import wiring
from shared.domain.messages import TaskKind, TaskReason
from shared.storage.mailboxes import MailboxState
from tests.stories.conftest import Story
from tests.stories.test_subscriptions import GUEST, row, subscribe


def test_a_mailbox_that_graph_does_not_serve_is_unusable(story: Story) -> None:
    """It is not retried at once; its row has the reason."""
    gone = story.add_person("Gone", watched=False, mailbox=False)
    subscribe(story, gone)

    assert story.task_outcomes(gone) == [("subscribe", "mailbox_unusable", "no_usable_mailbox")]
    assert row(gone).state is MailboxState.UNUSABLE
    assert len(story.log_lines("mailbox.lost")) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_one_refusal_does_not_change_the_state_of_a_mailbox(story: Story, status: int) -> None:
    """Joinlink asks again some minutes later, with success."""
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.faults.add(
        Fault(
            method="POST",
            path="/subscriptions",
            status=status,
            code="UnknownError",
            count=2 if status == 401 else 1,
        )
    )
    subscribe(story, ada)
    assert row(ada).state is None
    story.wait(timedelta(minutes=8))

    assert row(ada).state is MailboxState.ACTIVE
    assert (row(ada).suspected_as, row(ada).suspected_since) == ("", None)
    assert story.log_lines("mailbox.lost") == []


@pytest.mark.parametrize(("status", "state"), [(403, MailboxState.FORBIDDEN), (404, MailboxState.UNUSABLE)])
def test_a_second_refusal_changes_the_state_of_a_mailbox(
    story: Story, status: int, state: MailboxState
) -> None:
    """Minutes later. The log reports it."""
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.faults.add(
        Fault(method="POST", path="/subscriptions", status=status, code="X", count=None)
    )
    subscribe(story, ada)
    story.wait(timedelta(minutes=8))

    assert next(reason for _, _, reason in story.task_outcomes(ada)) == "second_look"
    assert row(ada).state is state
    assert len(story.log_lines("mailbox.lost")) == 1


def test_a_refusal_does_not_change_a_removed_mailbox(story: Story) -> None:
    """It left the scope, even if Graph refuses calls while the subscription ends."""
    ada = story.add_person("Ada", watched=False)
    subscribe(story, ada)
    story.stage.graph.faults.add(Fault(method="DELETE", status=403, count=None))
    story.enqueue_task(TaskKind.UNSUBSCRIBE, ada, TaskReason.LEFT_SCOPE)
    story.wait()

    assert row(ada).state is MailboxState.REMOVED
    assert story.task_outcomes(ada)[-1] == ("unsubscribe", "unsubscribed", "subscription_deleted")


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        pytest.param({"v": 2}, "a later version wrote it", id="a later version"),
        pytest.param({"state": "asleep"}, "column state can't be read", id="an unknown state"),
        pytest.param({"renew_at": "soon"}, "column renew_at can't be read", id="text for a timestamp"),
    ],
)
def test_an_unclear_row_is_not_changed(story: Story, columns: dict[str, object], why: str) -> None:
    """No call, no write, one log line with the reason; other mailboxes continue."""
    ada, ben = story.add_person("Ada", watched=False), story.add_person("Ben", watched=False)
    subscribe(story, ada)
    table = wiring.joinlink().parts.storage.mailboxes._table
    table.merge(ada.id[:2], ada.id, columns)
    before = len(story.stage.graph.calls)
    story.enqueue_task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    story.wait()
    after = len(story.stage.graph.calls)
    subscribe(story, ben)

    assert story.task_outcomes(ada)[-1] == ("sweep", "kept", "unclear_row")
    assert [
        line["detail"] for line in story.log_lines("task.finished") if line["reason"] == "unclear_row"
    ] == [why]
    assert after == before
    assert row(ben).state is MailboxState.ACTIVE


def test_a_good_answer_between_two_refusals_resets_the_suspicion(story: Story) -> None:
    """Graph served the mailbox in between, so the second refusal counts as a first."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    for _ in range(2):
        story.stage.graph.faults.add(Fault(method="GET", path="/events/", status=403, code="Odd"))
        story.run_until_idle()
        story.stage.clock.advance(timedelta(minutes=20))
        story.stage.graph.people.edit(ada.id, meeting, subject="Edited")
    story.run_until_idle()

    assert "forbidden" not in {line["outcome"] for line in story.log_lines()}
    assert ("delayed", "second_look") in story.outcomes(ada)
    assert story.has_link(ada, meeting)
