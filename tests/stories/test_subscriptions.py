"""How a mailbox comes to be watched, and stays so."""

from datetime import timedelta

import pytest

from sandbox.graph import Fault, User
from sandbox.graph.faults import Drop
from sandbox.stage import CLIENT_STATE_KEY, MONDAY_MORNING
from shared import wiring
from shared.domain.messages import MAILBOX_TASKS, TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox, MailboxState
from tests.stories.conftest import Begin, Story

GUEST = "bo@fabrikam.com"


def subscriptions(story: Story, user: User) -> list[str]:
    return [one.id for _row, one in story.stage.graph.subscriptions.active() if one.mailbox == user.id]


def row(user: User) -> Mailbox:
    return wiring.joinlink()._mailboxes.read(user.id)


def subscribe(story: Story, user: User, reason: TaskReason = TaskReason.NEW) -> None:
    story.task(TaskKind.SUBSCRIBE, user, reason)
    story.wait()


def test_a_task_makes_a_subscription_that_brings_notifications(story: Story) -> None:
    """Both URLs, immutable ids, our proof: an event made afterwards gets its link."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)
    meeting = story.meeting(ada, GUEST)
    story.play()

    assert story.has_link(ada, meeting)
    assert story.tasks(ada)[0] == ("subscribe", "subscribed", "subscription_created")
    [made] = [one for _row, one in story.stage.graph.subscriptions.active()]
    assert made.notification_url == made.lifecycle_url == story.stage.host.address("notifications")
    assert made.change_type == "created,updated"
    assert made.immutable_ids


def test_what_is_known_of_the_subscription_is_kept(story: Story) -> None:
    """Its id, its end as Graph gave it, and that it is renewed at half of that."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)
    known = row(ada)

    assert (known.state, [known.subscription]) == (MailboxState.ACTIVE, subscriptions(story, ada))
    assert known.expires
    assert known.renew_at
    assert timedelta(days=6) < known.expires - MONDAY_MORNING < timedelta(days=7)
    assert known.renew_at < MONDAY_MORNING + timedelta(days=3, hours=12)


def test_a_task_that_is_given_twice_subscribes_once(story: Story) -> None:
    """The second finds all in order, for one call."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)
    subscribe(story, ada)

    assert len(subscriptions(story, ada)) == 1
    assert ("subscribe", "kept", "in_order") in story.tasks(ada)


def test_a_subscription_whose_answer_was_lost_is_adopted(story: Story) -> None:
    """Graph made it and the connection broke: the next try finds it in the way, and takes it."""
    ada = story.person("Ada", watched=False)
    story.stage.graph.faults.add(Fault(method="POST", path="/subscriptions", drop=Drop.AFTER))
    subscribe(story, ada)
    story.wait(timedelta(minutes=2))

    assert story.tasks(ada)[:2] == [
        ("subscribe", "delayed", "graph_unavailable"),
        ("subscribe", "subscribed", "subscription_adopted"),
    ]
    assert [row(ada).subscription] == subscriptions(story, ada)


def test_an_endpoint_that_answers_too_late_is_tried_again(story: Story) -> None:
    """A cold start is the usual cause; Graph calls it a bad request, and it passes."""
    ada = story.person("Ada", watched=False)
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

    assert story.tasks(ada)[0] == ("subscribe", "delayed", "endpoint_not_validated")
    assert len(subscriptions(story, ada)) == 1


def test_the_endpoint_is_warmed_before_graph_asks_it(story: Story) -> None:
    """Our own handshake comes first."""
    subscribe(story, story.person("Ada", watched=False))
    asked = story.stage.graph.posts

    assert len(asked) == 2  # Graph's, one for each URL; ours is not Graph's to record


def test_a_mailbox_that_graph_does_not_serve_is_parked(story: Story) -> None:
    """Not tried again at once; its row says why."""
    gone = story.person("Gone", watched=False, mailbox=False)
    subscribe(story, gone)

    assert story.tasks(gone) == [("subscribe", "mailbox_unusable", "no_usable_mailbox")]
    assert row(gone).state is MailboxState.UNUSABLE
    assert len(story.lines("mailbox.lost")) == 1


@pytest.mark.parametrize("kind", ["room", "equipment"])
def test_a_room_is_not_watched(story: Story, kind: str) -> None:
    """It organizes nothing, and is told of every meeting in it; its row says what it is."""
    room = story.person("Boardroom", watched=False, kind=kind)
    subscribe(story, room)

    assert subscriptions(story, room) == []
    assert (row(room).state, row(room).why) == (MailboxState.UNUSABLE, "room")


def test_a_shared_mailbox_is_watched(story: Story) -> None:
    """People organize meetings in its name."""
    sales = story.person("Sales", watched=False, kind="shared")
    subscribe(story, sales)

    assert len(subscriptions(story, sales)) == 1


def test_without_the_permission_to_ask_everybody_is_watched(story: Story) -> None:
    """MailboxSettings.Read is good to have, and no more."""
    ada = story.person("Ada", watched=False)
    story.stage.graph.revoke_permission("MailboxSettings.Read")
    subscribe(story, ada)

    assert len(subscriptions(story, ada)) == 1


@pytest.mark.parametrize("setting", ["JOINLINK_NOTIFICATION_URL", "JOINLINK_CLIENT_STATE_KEY"])
def test_a_changed_setting_is_followed_without_a_gap(story: Story, setting: str) -> None:
    """The new subscription is there before the old one goes; both settings are in its creation alone."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)
    [before] = subscriptions(story, ada)
    change = {setting: story.stage.settings[setting] + "&more"}
    story.restart(**change, JOINLINK_CLIENT_STATE_KEY_PREVIOUS=CLIENT_STATE_KEY)
    subscribe(story, ada, TaskReason.SETTINGS_CHANGED)

    [after] = subscriptions(story, ada)
    assert after != before
    writes = [c.method for c in story.stage.graph.calls if "/subscriptions" in c.path and c.method != "GET"]
    assert writes == ["POST", "POST", "DELETE"]


def test_a_subscription_that_graph_only_says_exists_is_found_in_its_list(story: Story) -> None:
    """Its id should be in the refusal; where it is not, the list shows it."""
    ada = story.person("Ada", watched=False)
    made = story.stage.watch(ada)
    story.stage.graph.faults.add(Fault(method="POST", path="/subscriptions", status=409, code="Conflict"))
    subscribe(story, ada)

    assert row(ada).subscription == made
    assert story.tasks(ada)[0] == ("subscribe", "subscribed", "subscription_adopted")


def test_a_subscription_of_another_address_is_taken_over_by_a_new_one(story: Story) -> None:
    """As after the loss of the table: Graph has one of ours, which notifies somebody else."""
    ada = story.person("Ada", watched=False)
    stranger = story.stage.watch(ada, url="https://old.example/api/notifications?code=k")
    subscribe(story, ada)

    [made] = subscriptions(story, ada)
    assert made != stranger
    assert row(ada).subscription == made


def test_a_renewal_costs_one_call(story: Story) -> None:
    """One PATCH, from the row alone."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)
    story.wait(timedelta(days=4))
    story.task(TaskKind.RENEW, ada, TaskReason.DUE)
    story.wait(timedelta(0))

    line = story.lines("task.finished")[-1]
    assert (line["outcome"], line["graph_calls"]) == ("renewed", 1)


def test_a_renewal_that_comes_too_late_makes_another(story: Story) -> None:
    """Graph has forgotten it: it is replaced in the same task, and the gap is swept."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)
    story.stage.graph.remove_subscription(row(ada).subscription, tell=False)
    story.wait(timedelta(hours=4))
    meeting = story.meeting(ada, GUEST)
    story.task(TaskKind.RENEW, ada, TaskReason.DUE)
    story.play()

    assert ("renew", "subscribed", "subscription_created") in story.tasks(ada)
    assert story.has_link(ada, meeting)


def test_without_a_notification_url_the_task_waits_and_says_so(begin: Begin) -> None:
    """The setting is named; the webhook works without it; nothing is lost."""
    story = begin()
    ada = story.person("Ada", watched=False)
    settings = {k: v for k, v in story.stage.settings.items() if k != "JOINLINK_NOTIFICATION_URL"}
    wiring.rebuild(settings, wiring.joinlink()._world)
    subscribe(story, ada)

    [line] = story.lines("task.finished")
    assert (line["outcome"], line["reason"]) == ("delayed", "settings_refused")
    assert "JOINLINK_NOTIFICATION_URL is missing" in line["detail"]
    assert story.stage.host.waiting()[MAILBOX_TASKS] == 1


def test_the_log_of_a_subscription_gives_nothing_away(story: Story) -> None:
    """Neither the clientState nor the URL with its key."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)

    assert story.stage.host.function_key not in story.caplog.text
    assert f"{ada.id}." not in story.caplog.text
