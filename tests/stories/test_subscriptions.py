"""How a mailbox is subscribed, and stays subscribed."""

from datetime import timedelta

import pytest

from sandbox.graph import DirectoryUser, Fault
from sandbox.graph.faults import Drop
from sandbox.stage import CLIENT_STATE_KEY, MONDAY_MORNING
from shared import wiring
from shared.domain.messages import MAILBOX_TASKS, TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox, MailboxState
from tests.stories.conftest import Begin, Story

GUEST = "bo@fabrikam.com"


def subscriptions(story: Story, user: DirectoryUser) -> list[str]:
    return [one.id for _row, one in story.stage.graph.subscriptions.active() if one.mailbox == user.id]


def row(user: DirectoryUser) -> Mailbox:
    return wiring.joinlink().parts.storage.mailboxes.read(user.id)


def subscribe(story: Story, user: DirectoryUser, reason: TaskReason = TaskReason.NEW) -> None:
    story.task(TaskKind.SUBSCRIBE, user, reason)
    story.wait()


def test_a_task_creates_a_subscription_that_sends_notifications(story: Story) -> None:
    """With both URLs, immutable ids and clientState: an event created afterwards gets its link."""
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


def test_the_row_describes_the_subscription(story: Story) -> None:
    """Its id, when it expires, and that it is renewed after half of that time."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)
    known = row(ada)

    assert (known.state, [known.subscription]) == (MailboxState.ACTIVE, subscriptions(story, ada))
    assert known.expires
    assert known.renew_at
    assert timedelta(days=6) < known.expires - MONDAY_MORNING < timedelta(days=7)
    assert known.renew_at < MONDAY_MORNING + timedelta(days=3, hours=12)


def test_a_task_that_is_delivered_twice_subscribes_once(story: Story) -> None:
    """The second needs one call."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)
    subscribe(story, ada)

    assert len(subscriptions(story, ada)) == 1
    assert ("subscribe", "kept", "in_order") in story.tasks(ada)


def test_a_subscription_whose_answer_was_lost_is_adopted(story: Story) -> None:
    """Graph created it and the connection broke: the next try finds it and adopts it."""
    ada = story.person("Ada", watched=False)
    story.stage.graph.faults.add(Fault(method="POST", path="/subscriptions", drop=Drop.AFTER))
    subscribe(story, ada)
    story.wait(timedelta(minutes=2))

    assert story.tasks(ada)[:2] == [
        ("subscribe", "delayed", "graph_unavailable"),
        ("subscribe", "subscribed", "subscription_adopted"),
    ]
    assert [row(ada).subscription] == subscriptions(story, ada)


def test_after_a_failed_handshake_the_task_is_retried(story: Story) -> None:
    """A cold start is the usual cause. Graph reports it as a bad request."""
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


def test_the_app_is_warmed_up_before_the_handshake(story: Story) -> None:
    """Joinlink calls its own endpoint first."""
    subscribe(story, story.person("Ada", watched=False))
    asked = story.stage.graph.posts

    assert len(asked) == 2  # Graph's calls, one for each URL; Graph does not record ours


def test_a_mailbox_that_graph_does_not_serve_is_unusable(story: Story) -> None:
    """It is not retried at once; its row has the reason."""
    gone = story.person("Gone", watched=False, mailbox=False)
    subscribe(story, gone)

    assert story.tasks(gone) == [("subscribe", "mailbox_unusable", "no_usable_mailbox")]
    assert row(gone).state is MailboxState.UNUSABLE
    assert len(story.lines("mailbox.lost")) == 1


@pytest.mark.parametrize("kind", ["room", "equipment"])
def test_a_room_is_not_watched(story: Story, kind: str) -> None:
    """It organizes no meetings, but takes part in many; its row has the reason."""
    room = story.person("Boardroom", watched=False, kind=kind)
    subscribe(story, room)

    assert subscriptions(story, room) == []
    assert (row(room).state, row(room).why) == (MailboxState.UNUSABLE, "room")


def test_a_shared_mailbox_is_watched(story: Story) -> None:
    """People organize meetings in its name."""
    sales = story.person("Sales", watched=False, kind="shared")
    subscribe(story, sales)

    assert len(subscriptions(story, sales)) == 1


def test_without_the_permission_for_the_purpose_every_mailbox_is_watched(story: Story) -> None:
    """MailboxSettings.Read is optional."""
    ada = story.person("Ada", watched=False)
    story.stage.graph.revoke_permission("MailboxSettings.Read")
    subscribe(story, ada)

    assert len(subscriptions(story, ada)) == 1


@pytest.mark.parametrize("setting", ["JOINLINK_NOTIFICATION_URL", "JOINLINK_CLIENT_STATE_KEY"])
def test_a_changed_setting_replaces_the_subscription_without_a_gap(story: Story, setting: str) -> None:
    """The new subscription exists before the old one is deleted: a renewal can change neither setting."""
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


def test_an_existing_subscription_without_an_id_is_not_searched_for(story: Story) -> None:
    """The refusal should have its id. If not, another is created next to it; no list is read."""
    ada = story.person("Ada", watched=False)
    story.stage.watch(ada)
    story.stage.graph.faults.add(Fault(method="POST", path="/subscriptions", status=409, code="Conflict"))
    subscribe(story, ada)

    assert row(ada).subscription in subscriptions(story, ada)
    assert story.tasks(ada)[0] == ("subscribe", "subscribed", "subscription_created")
    assert [
        c for c in story.stage.graph.calls if c.method == "GET" and c.path.endswith("/subscriptions")
    ] == []


def test_a_subscription_of_an_unknown_key_is_not_adopted(story: Story) -> None:
    """Its clientState is unknown, so its notifications may be rejected: it is replaced."""
    ada = story.person("Ada", watched=False)
    stranger = story.stage.watch(ada)
    subscribe(story, ada)

    [made] = subscriptions(story, ada)
    assert made != stranger
    assert row(ada).subscription == made
    assert story.tasks(ada)[0] == ("subscribe", "subscribed", "subscription_replaced")


def test_a_subscription_of_an_old_key_is_not_adopted(story: Story) -> None:
    """The answer to its creation was lost, then the key changed."""
    ada = story.person("Ada", watched=False)
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


DEAD = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize("named", [f"Subscription Id <{DEAD}> already exists", "It exists already."])
def test_a_deleted_subscription_is_never_adopted(story: Story, named: str) -> None:
    """Graph refuses because of it, but does not show it: retry with backoff; other mailboxes continue."""
    ada, ben = story.person("Ada", watched=False), story.person("Ben", watched=False)
    story.stage.graph.faults.add(
        Fault(method="POST", path="/subscriptions", status=409, code="Conflict", message=named, count=8)
    )
    subscribe(story, ada)
    for _ in range(30):
        story.wait(timedelta(seconds=20))
    early = len([call for call in story.stage.graph.calls if "/subscriptions" in call.path])
    kept = row(ada)
    story.stage.graph.faults.clear()
    story.wait(timedelta(hours=1))
    subscribe(story, ben)

    assert story.tasks(ada)[0] == ("subscribe", "delayed", "graph_unavailable")
    assert kept.subscription != DEAD
    assert early <= 40
    assert [row(ada).subscription] == subscriptions(story, ada)
    assert len(subscriptions(story, ben)) == 1


def test_a_deleted_subscription_blocks_one_change_type_only(story: Story) -> None:
    """The other changeType means the same."""
    ada = story.person("Ada", watched=False)
    story.stage.graph.faults.add(
        Fault(method="POST", path="/subscriptions", status=409, message=f"Subscription Id <{DEAD}> exists")
    )
    subscribe(story, ada)
    [(_, made)] = story.stage.graph.subscriptions.active()

    assert made.change_type == "created,updated,deleted"
    assert row(ada).subscription == made.id


PURPOSE = "mailboxSettings"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(path=PURPOSE, status=503, retry_after=10, count=None), id="503 with Retry-After"),
        pytest.param(Fault(path=PURPOSE, status=503, count=None), id="503"),
        pytest.param(Fault(path=PURPOSE, status=403, count=None), id="no access"),
        pytest.param(Fault(path=PURPOSE, status=429, count=None), id="throttled"),
        pytest.param(Fault(path=PURPOSE, status=404, count=None), id="a stray 404"),
        pytest.param(Fault(path=PURPOSE, body=b'{"userPurpose":', count=None), id="truncated"),
        pytest.param(Fault(path=PURPOSE, body=b'{"userPurpose":[7]}', count=None), id="a list for text"),
        pytest.param(Fault(path=PURPOSE, drop=Drop.BEFORE, count=None), id="no answer"),
    ],
)
def test_a_mailbox_with_unknown_purpose_is_watched(story: Story, fault: Fault) -> None:
    """At once; its row records that the purpose is unknown."""
    ada = story.person("Ada", watched=False)
    story.stage.graph.faults.add(fault)
    subscribe(story, ada)

    assert story.tasks(ada)[0] == ("subscribe", "subscribed", "subscription_created")
    assert row(ada).purpose == ""


def test_a_room_is_unsubscribed_once_graph_returns_its_purpose(story: Story) -> None:
    """At the next renewal. Until then the log reports it once."""
    room = story.person("Boardroom", watched=False, kind="room")
    story.stage.graph.faults.add(Fault(path=PURPOSE, status=503, count=None))
    subscribe(story, room)
    story.wait(timedelta(days=4))
    story.task(TaskKind.RENEW, room, TaskReason.DUE)
    story.wait(timedelta(0))
    story.stage.graph.faults.clear()
    assert len(subscriptions(story, room)) == 1
    story.wait(timedelta(days=2))
    story.task(TaskKind.RENEW, room, TaskReason.DUE)
    story.wait(timedelta(0))

    assert subscriptions(story, room) == []
    assert (row(room).state, row(room).why, row(room).subscription) == (MailboxState.UNUSABLE, "room", "")
    assert len(story.lines("mailbox.purpose_unknown")) == 1


def test_an_old_subscription_that_cant_be_deleted_is_left_over(story: Story) -> None:
    """The row has the new one already; the search for surplus subscriptions deletes the old one later."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)
    story.restart(
        JOINLINK_CLIENT_STATE_KEY="another-key-of-thirty-two-characters",
        JOINLINK_CLIENT_STATE_KEY_PREVIOUS=CLIENT_STATE_KEY,
    )
    story.stage.graph.faults.add(Fault(method="DELETE", status=503, count=None))
    subscribe(story, ada, TaskReason.SETTINGS_CHANGED)

    assert story.tasks(ada)[-1] == ("subscribe", "subscribed", "subscription_replaced")


@pytest.mark.parametrize("body", [b"{}", b'{"id": null}', b'{"id": 7, "expirationDateTime": "x"}'])
def test_a_subscription_whose_answer_was_unreadable_is_adopted(story: Story, body: bytes) -> None:
    """The next try finds it."""
    ada = story.person("Ada", watched=False)
    story.stage.graph.faults.add(Fault(method="POST", path="/subscriptions", body=body))
    subscribe(story, ada)
    story.wait(timedelta(minutes=2))

    assert ("subscribe", "subscribed", "subscription_adopted") in story.tasks(ada)
    assert [row(ada).subscription] == subscriptions(story, ada)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_one_refusal_does_not_change_the_state_of_a_mailbox(story: Story, status: int) -> None:
    """Joinlink asks again some minutes later, with success."""
    ada = story.person("Ada", watched=False)
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
    assert story.lines("mailbox.lost") == []


@pytest.mark.parametrize(("status", "state"), [(403, MailboxState.FORBIDDEN), (404, MailboxState.UNUSABLE)])
def test_a_second_refusal_changes_the_state_of_a_mailbox(
    story: Story, status: int, state: MailboxState
) -> None:
    """Minutes later. The log reports it."""
    ada = story.person("Ada", watched=False)
    story.stage.graph.faults.add(
        Fault(method="POST", path="/subscriptions", status=status, code="X", count=None)
    )
    subscribe(story, ada)
    story.wait(timedelta(minutes=8))

    assert next(reason for _, _, reason in story.tasks(ada)) == "second_look"
    assert row(ada).state is state
    assert len(story.lines("mailbox.lost")) == 1


def test_a_refusal_does_not_change_a_removed_mailbox(story: Story) -> None:
    """It left the scope, whatever Graph answers while the subscription ends."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)
    story.stage.graph.faults.add(Fault(method="DELETE", status=403, count=None))
    story.task(TaskKind.UNSUBSCRIBE, ada, TaskReason.LEFT_SCOPE)
    story.wait()

    assert row(ada).state is MailboxState.REMOVED
    assert story.tasks(ada)[-1] == ("unsubscribe", "unsubscribed", "subscription_deleted")


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
    ada, ben = story.person("Ada", watched=False), story.person("Ben", watched=False)
    subscribe(story, ada)
    table = wiring.joinlink().parts.storage.mailboxes._table
    table.merge(ada.id[:2], ada.id, columns)
    before = len(story.stage.graph.calls)
    story.task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    story.wait()
    after = len(story.stage.graph.calls)
    subscribe(story, ben)

    assert story.tasks(ada)[-1] == ("sweep", "kept", "unclear_row")
    assert [line["detail"] for line in story.lines("task.finished") if line["reason"] == "unclear_row"] == [
        why
    ]
    assert after == before
    assert row(ben).state is MailboxState.ACTIVE


def test_a_subscription_with_another_url_is_replaced(story: Story) -> None:
    """For example after the table was lost: Graph has one of ours that notifies another URL."""
    ada = story.person("Ada", watched=False)
    stranger = story.stage.watch(ada, url="https://old.example/api/notifications?code=k")
    subscribe(story, ada)

    [made] = subscriptions(story, ada)
    assert made != stranger
    assert row(ada).subscription == made


def test_a_renewal_costs_one_call(story: Story) -> None:
    """One PATCH, with the id from the row."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)
    story.wait(timedelta(days=4))
    story.task(TaskKind.RENEW, ada, TaskReason.DUE)
    story.wait(timedelta(0))

    line = story.lines("task.finished")[-1]
    assert (line["outcome"], line["graph_calls"]) == ("renewed", 1)


def test_a_renewal_that_comes_too_late_creates_another_subscription(story: Story) -> None:
    """Graph does not know the old one any more. The same task creates another; the gap is swept."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)
    story.stage.graph.remove_subscription(row(ada).subscription, notify=False)
    story.wait(timedelta(hours=4))
    meeting = story.meeting(ada, GUEST)
    story.task(TaskKind.RENEW, ada, TaskReason.DUE)
    story.play()

    assert ("renew", "subscribed", "subscription_created") in story.tasks(ada)
    assert story.has_link(ada, meeting)


def test_without_a_notification_url_the_task_waits(begin: Begin) -> None:
    """The log names the setting; the webhook works without it; nothing is lost."""
    story = begin()
    ada = story.person("Ada", watched=False)
    settings = {k: v for k, v in story.stage.settings.items() if k != "JOINLINK_NOTIFICATION_URL"}
    wiring.start(wiring.Parts(settings, wiring.joinlink().parts.process.world))
    subscribe(story, ada)

    [line] = story.lines("task.finished")
    assert (line["outcome"], line["reason"]) == ("delayed", "settings_refused")
    assert "JOINLINK_NOTIFICATION_URL is missing" in line["detail"]
    assert story.stage.host.waiting()[MAILBOX_TASKS] == 1


def test_the_log_has_no_secrets_of_a_subscription(story: Story) -> None:
    """Neither the clientState nor the URL with its key."""
    ada = story.person("Ada", watched=False)
    subscribe(story, ada)

    assert story.stage.host.function_key not in story.caplog.text
    assert f"{ada.id}." not in story.caplog.text


def test_a_subscription_that_graph_loses_at_once_is_replaced_at_the_next_sweep(story: Story) -> None:
    """Not at once: if Graph loses each new one, that would never end."""
    ada = story.person("Ada", watched=False)

    def forget() -> None:
        for one in subscriptions(story, ada):
            story.stage.graph.remove_subscription(one, notify=False)

    story.stage.graph.faults.add(
        Fault(
            method="GET",
            path="/subscriptions/",
            status=404,
            code="ResourceNotFound",
            meanwhile=forget,
            count=20,
        )
    )
    subscribe(story, ada)

    assert [task for task, _outcome, _reason in story.tasks(ada)] == ["subscribe", "sweep"]
    story.wait(timedelta(hours=1))
    story.task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    story.wait(timedelta(0))
    assert [task for task, _outcome, _reason in story.tasks(ada)][2:] == ["sweep", "sweep"]
    assert [outcome for _task, outcome, _reason in story.tasks(ada)][2:] == ["subscribed", "swept"]
