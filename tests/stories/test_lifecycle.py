"""How Joinlink reacts to lifecycle notifications."""

from datetime import timedelta

from sandbox.graph import DirectoryUser, NotificationDelivery
from shared import wiring
from shared.domain.messages import TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox
from tests.stories.conftest import RULES, StartStory, Story
from tests.stories.test_maintenance import maintain
from tests.stories.test_sweep import GUEST, subscribed

#: no sweep falls due by itself
NO_SCHEDULE = RULES.replace("version: 1\n", "version: 1\nsweep: {every: 7d}\n")


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


def test_what_changed_while_notifications_paused_is_swept(story: Story) -> None:
    """The app did not run when Graph required reauthorization, and Graph lost what changed until it did."""
    ada = subscribed(story)
    maintain(story)
    story.stage.graph.authorizations.expire_after(timedelta(hours=4), loses_changes=True)
    story.stage.clock.advance(timedelta(hours=5))
    meeting = story.create_meeting(ada, GUEST)
    story.stage.clock.advance(timedelta(minutes=20))
    story.wait()
    story.run_until_idle()
    assert story.task_outcomes(ada)[-1] == ("renew", "renewed", "subscription_extended")
    assert not story.has_link(ada, meeting)
    maintain(story)

    assert story.has_link(ada, meeting)
    assert story.log_lines("mailbox.swept")[-1]["because"] == "reauthorization_required"
    assert [line["event_id"] for line in story.log_lines("event.missed")] == [meeting]


def test_many_pauses_cause_one_sweep_in_six_hours(start_story: StartStory) -> None:
    """Graph requires reauthorization every twenty minutes, of all mailboxes at once."""
    story = start_story(NO_SCHEDULE)
    people = [subscribed(story, name) for name in ("Ada", "Bo")]
    maintain(story)
    before = len(story.log_lines("mailbox.swept"))
    for _ in range(4 * 13):
        for person in people:
            story.stage.graph.send_lifecycle(row(person).subscription, "reauthorizationRequired")
        story.stage.graph.deliver()
        maintain(story)

    swept = story.log_lines("mailbox.swept")[before:]
    assert [line["mailbox"] for line in swept].count(people[0].id) == 3
    assert len(swept) == 2 * 3
    assert {line["because"] for line in swept} == {"reauthorization_required"}


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
