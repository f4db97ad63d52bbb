"""How a mailbox is subscribed, and stays subscribed."""

from datetime import timedelta

import pytest

from sandbox.graph import DirectoryUser, Fault
from sandbox.graph.faults import Drop
from sandbox.stage import CLIENT_STATE_KEY, MONDAY_MORNING
from shared import wiring
from shared.domain.messages import MAILBOX_TASKS, TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox, MailboxState
from tests.stories.conftest import StartStory, Story

GUEST = "bo@fabrikam.com"


def subscriptions(story: Story, user: DirectoryUser) -> list[str]:
    return [one.id for _row, one in story.stage.graph.subscriptions.active() if one.mailbox == user.id]


def row(user: DirectoryUser) -> Mailbox:
    return wiring.joinlink().parts.storage.mailboxes.read(user.id)


def subscribe(story: Story, user: DirectoryUser, reason: TaskReason = TaskReason.NEW) -> None:
    story.enqueue_task(TaskKind.SUBSCRIBE, user, reason)
    story.wait()


def test_a_task_creates_a_subscription_that_sends_notifications(story: Story) -> None:
    """With both URLs, immutable ids and clientState: an event created afterwards gets its link."""
    ada = story.add_person("Ada", watched=False)
    subscribe(story, ada)
    meeting = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert story.task_outcomes(ada)[0] == ("subscribe", "subscribed", "subscription_created")
    [made] = [one for _row, one in story.stage.graph.subscriptions.active()]
    assert made.notification_url == made.lifecycle_url == story.stage.host.address("notifications")
    assert made.change_type == "created,updated"
    assert made.immutable_ids


def test_the_row_describes_the_subscription(story: Story) -> None:
    """Its id, when it expires, and that it is renewed after half of that time."""
    ada = story.add_person("Ada", watched=False)
    subscribe(story, ada)
    known = row(ada)

    assert (known.state, [known.subscription]) == (MailboxState.ACTIVE, subscriptions(story, ada))
    assert known.expires
    assert known.renew_at
    assert timedelta(days=6) < known.expires - MONDAY_MORNING < timedelta(days=7)
    assert known.renew_at < MONDAY_MORNING + timedelta(days=3, hours=12)


def test_a_task_that_is_delivered_twice_subscribes_once(story: Story) -> None:
    """The second needs one call."""
    ada = story.add_person("Ada", watched=False)
    subscribe(story, ada)
    subscribe(story, ada)

    assert len(subscriptions(story, ada)) == 1
    assert ("subscribe", "kept", "in_order") in story.task_outcomes(ada)


def test_a_subscription_whose_answer_was_lost_is_adopted(story: Story) -> None:
    """Graph created it and the connection broke: the next try finds it and adopts it."""
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.faults.add(Fault(method="POST", path="/subscriptions", drop=Drop.AFTER))
    subscribe(story, ada)
    story.wait(timedelta(minutes=2))

    assert story.task_outcomes(ada)[:2] == [
        ("subscribe", "delayed", "graph_unavailable"),
        ("subscribe", "subscribed", "subscription_adopted"),
    ]
    assert [row(ada).subscription] == subscriptions(story, ada)


def test_after_a_failed_handshake_the_task_is_retried(story: Story) -> None:
    """A cold start is the usual cause. Graph reports it as a bad request."""
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.faults.add(
        Fault(
            method="POST",
            path="/subscriptions",
            status=400,
            code="InvalidRequest",
            message="Subscription validation request timed out.",
        )
    )
    subscribe(story, ada)
    story.wait(timedelta(minutes=2))

    assert story.task_outcomes(ada)[0] == ("subscribe", "delayed", "endpoint_not_validated")
    assert len(subscriptions(story, ada)) == 1


def test_the_app_is_warmed_up_before_the_handshake(story: Story) -> None:
    """Joinlink calls its own endpoint first."""
    subscribe(story, story.add_person("Ada", watched=False))
    asked = story.stage.graph.posts

    assert len(asked) == 2  # Graph's calls, one for each URL; Graph does not record ours


@pytest.mark.parametrize("setting", ["JOINLINK_NOTIFICATION_URL", "JOINLINK_CLIENT_STATE_KEY"])
def test_a_changed_setting_replaces_the_subscription_without_a_gap(story: Story, setting: str) -> None:
    """The new subscription exists before the old one is deleted: a renewal can change neither setting."""
    ada = story.add_person("Ada", watched=False)
    subscribe(story, ada)
    [before] = subscriptions(story, ada)
    change = {setting: story.stage.settings[setting] + "&more"}
    story.restart(**change, JOINLINK_CLIENT_STATE_KEY_PREVIOUS=CLIENT_STATE_KEY)
    subscribe(story, ada, TaskReason.SETTINGS_CHANGED)

    [after] = subscriptions(story, ada)
    assert after != before
    writes = [c.method for c in story.stage.graph.calls if "/subscriptions" in c.path and c.method != "GET"]
    assert writes == ["POST", "POST", "DELETE"]


def test_an_existing_subscription_without_an_id_is_not_searched_for(story: Story) -> None:
    """The refusal should have its id. If not, another is created next to it; no list is read."""
    ada = story.add_person("Ada", watched=False)
    story.stage.watch(ada)
    story.stage.graph.faults.add(Fault(method="POST", path="/subscriptions", status=409, code="Conflict"))
    subscribe(story, ada)

    assert row(ada).subscription in subscriptions(story, ada)
    assert story.task_outcomes(ada)[0] == ("subscribe", "subscribed", "subscription_created")
    assert [
        c for c in story.stage.graph.calls if c.method == "GET" and c.path.endswith("/subscriptions")
    ] == []


def test_a_subscription_of_an_unknown_key_is_not_adopted(story: Story) -> None:
    """Its clientState is unknown, so its notifications may be rejected: it is replaced."""
    ada = story.add_person("Ada", watched=False)
    stranger = story.stage.watch(ada)
    subscribe(story, ada)

    [made] = subscriptions(story, ada)
    assert made != stranger
    assert row(ada).subscription == made
    assert story.task_outcomes(ada)[0] == ("subscribe", "subscribed", "subscription_replaced")


def test_a_subscription_of_an_old_key_is_not_adopted(story: Story) -> None:
    """The answer to its creation was lost, then the key changed."""
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.faults.add(Fault(method="POST", path="/subscriptions", drop=Drop.AFTER))
    subscribe(story, ada)
    [stranger] = subscriptions(story, ada)
    story.restart(
        JOINLINK_CLIENT_STATE_KEY="another-key-of-thirty-two-characters",
        JOINLINK_CLIENT_STATE_KEY_PREVIOUS=CLIENT_STATE_KEY,
    )
    story.wait(timedelta(minutes=2))

    [made] = subscriptions(story, ada)
    assert made != stranger
    assert row(ada).subscription == made


@pytest.mark.parametrize("body", [b"{}", b'{"id": null}', b'{"id": 7, "expirationDateTime": "x"}'])
def test_a_subscription_whose_answer_was_unreadable_is_adopted(story: Story, body: bytes) -> None:
    """The next try finds it."""
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.faults.add(Fault(method="POST", path="/subscriptions", body=body))
    subscribe(story, ada)
    story.wait(timedelta(minutes=2))

    assert ("subscribe", "subscribed", "subscription_adopted") in story.task_outcomes(ada)
    assert [row(ada).subscription] == subscriptions(story, ada)


def test_a_subscription_with_another_function_key_is_replaced(story: Story) -> None:
    """For example after the table was lost: it notifies our host and path, so it is ours."""
    ada = story.add_person("Ada", watched=False)
    address = story.stage.host.address("notifications").partition("?")[0]
    story.stage.watch(ada, "created,updated,deleted", url=address)
    story.stage.watch(ada, url=f"{address.replace('joinlink.example', 'JOINLINK.example:443')}?code=k")
    subscribe(story, ada)

    [made] = subscriptions(story, ada)
    assert row(ada).subscription == made
    assert story.task_outcomes(ada)[0] == ("subscribe", "subscribed", "subscription_replaced")


def test_a_renewal_costs_one_call(story: Story) -> None:
    """One PATCH, with the id from the row."""
    ada = story.add_person("Ada", watched=False)
    subscribe(story, ada)
    story.wait(timedelta(days=4))
    story.enqueue_task(TaskKind.RENEW, ada, TaskReason.DUE)
    story.wait(timedelta(0))

    line = story.log_lines("task.finished")[-1]
    assert (line["outcome"], line["graph_calls"]) == ("renewed", 1)


def test_without_a_notification_url_the_task_waits(start_story: StartStory) -> None:
    """The log names the setting; the webhook works without it; nothing is lost."""
    story = start_story()
    ada = story.add_person("Ada", watched=False)
    settings = {k: v for k, v in story.stage.settings.items() if k != "JOINLINK_NOTIFICATION_URL"}
    wiring.start(wiring.Parts(settings, wiring.joinlink().parts.process.world))
    subscribe(story, ada)

    [line] = story.log_lines("task.finished")
    assert (line["outcome"], line["reason"]) == ("delayed", "settings_refused")
    assert "JOINLINK_NOTIFICATION_URL is missing" in line["detail"]
    assert story.stage.host.waiting()[MAILBOX_TASKS] == 1


def test_the_log_has_no_secrets_of_a_subscription(story: Story) -> None:
    """Neither the clientState nor the URL with its key."""
    ada = story.add_person("Ada", watched=False)
    subscribe(story, ada)

    assert story.stage.host.function_key not in story.caplog.text
    assert f"{ada.id}." not in story.caplog.text
