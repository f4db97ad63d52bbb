"""How Joinlink reacts to lifecycle notifications."""

from datetime import timedelta

from sandbox.graph import DirectoryUser, NotificationDelivery
from shared import wiring
from shared.domain.messages import TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox
from tests.stories.conftest import Story
from tests.stories.test_sweep import GUEST, subscribed


def row(user: DirectoryUser) -> Mailbox:
    return wiring.joinlink().parts.storage.mailboxes.read(user.id)


def test_reauthorization_renews_with_one_patch(story: Story) -> None:
    """And without a reauthorize call: Graph accepts only one of the two in ten minutes."""
    ada = subscribed(story)
    before = row(ada)
    story.wait(timedelta(days=1))
    story.stage.graph.send_lifecycle(before.subscription, "reauthorizationRequired")
    story.run_until_idle()

    assert story.task_outcomes(ada)[-1] == ("renew", "renewed", "subscription_extended")
    calls = [(call.method, call.path) for call in story.stage.graph.calls if before.subscription in call.path]
    assert calls == [("PATCH", calls[0][1])]
    assert before.expires
    assert (row(ada).expires or before.expires) >= before.expires + timedelta(days=1)


def test_many_reauthorizations_cause_one_renewal(story: Story) -> None:
    """Ten within ten minutes: one PATCH."""
    ada = subscribed(story)
    story.wait(timedelta(days=1))
    for _ in range(10):
        story.stage.graph.send_lifecycle(row(ada).subscription, "reauthorizationRequired")
        story.wait(timedelta(seconds=50))

    assert len([call for call in story.stage.graph.calls if call.method == "PATCH"]) == 1
    assert ("renew", "kept", "renewed_lately") in story.task_outcomes(ada)


def test_a_removed_subscription_is_replaced_and_the_gap_is_swept(story: Story) -> None:
    """The log names the lost subscription."""
    ada = subscribed(story)
    lost = row(ada).subscription
    story.stage.graph.remove_subscription(lost)
    meeting = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert [task[:2] for task in story.task_outcomes(ada)][-2:] == [
        ("subscribe", "subscribed"),
        ("sweep", "swept"),
    ]
    assert [line["subscription"] for line in story.log_lines("mailbox.lost")] == [lost]
    assert story.has_link(ada, meeting)


def test_missed_notifications_cause_a_sweep(story: Story) -> None:
    ada = subscribed(story)
    story.stage.graph.delivery = NotificationDelivery(lose=1.0)
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.send_lifecycle(row(ada).subscription, "missed")
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert story.log_lines("mailbox.swept")[-1]["because"] == "missed"


def test_a_late_lifecycle_notification_does_not_bring_back_a_mailbox(story: Story) -> None:
    """Only maintenance knows the scope."""
    ada = subscribed(story)
    story.stage.graph.send_lifecycle(row(ada).subscription, "reauthorizationRequired")
    story.enqueue_task(TaskKind.UNSUBSCRIBE, ada, TaskReason.LEFT_SCOPE)
    story.stage.host.drain()
    story.run_until_idle()

    assert story.task_outcomes(ada)[-1] == ("renew", "kept", "not_in_scope")
    assert list(story.stage.graph.subscriptions.active()) == []


def test_events_of_a_removed_mailbox_are_skipped(story: Story) -> None:
    """Even if their notification was already on its way."""
    ada = subscribed(story)
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.deliver()
    story.enqueue_task(TaskKind.UNSUBSCRIBE, ada, TaskReason.LEFT_SCOPE)
    story.stage.host.drain()
    story.run_until_idle()

    assert story.outcomes(ada) == [("skipped", "not_in_scope")]
    assert not story.has_link(ada, meeting)
    assert story.log_lines()[0]["graph_calls"] == 0
