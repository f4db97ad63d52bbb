"""Rooms are not watched; people's and shared mailboxes are."""

from datetime import timedelta

import pytest

from sandbox.graph import Fault
from sandbox.graph.faults import Drop
from shared.domain.messages import TaskKind, TaskReason
from shared.storage.mailboxes import MailboxState
from tests.stories.conftest import Story
from tests.stories.test_subscriptions import row, subscribe, subscriptions


@pytest.mark.parametrize("kind", ["room", "equipment"])
def test_a_room_is_not_watched(story: Story, kind: str) -> None:
    """It organizes no meetings, but takes part in many; its row has the reason."""
    room = story.add_person("Boardroom", watched=False, kind=kind)
    subscribe(story, room)

    assert subscriptions(story, room) == []
    assert (row(room).state, row(room).why) == (MailboxState.UNUSABLE, "room")


def test_a_shared_mailbox_is_watched(story: Story) -> None:
    """People organize meetings in its name."""
    sales = story.add_person("Sales", watched=False, kind="shared")
    subscribe(story, sales)

    assert len(subscriptions(story, sales)) == 1


def test_without_the_permission_for_the_purpose_every_mailbox_is_watched(story: Story) -> None:
    """MailboxSettings.Read is optional."""
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.revoke_permission("MailboxSettings.Read")
    subscribe(story, ada)

    assert len(subscriptions(story, ada)) == 1


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
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.faults.add(fault)
    subscribe(story, ada)

    assert story.task_outcomes(ada)[0] == ("subscribe", "subscribed", "subscription_created")
    assert row(ada).purpose == ""


def test_a_room_is_unsubscribed_once_graph_returns_its_purpose(story: Story) -> None:
    """At the next renewal. Until then the log reports it once."""
    room = story.add_person("Boardroom", watched=False, kind="room")
    story.stage.graph.faults.add(Fault(path=PURPOSE, status=503, count=None))
    subscribe(story, room)
    story.wait(timedelta(days=4))
    story.enqueue_task(TaskKind.RENEW, room, TaskReason.DUE)
    story.wait(timedelta(0))
    story.stage.graph.faults.clear()
    assert len(subscriptions(story, room)) == 1
    story.wait(timedelta(days=2))
    story.enqueue_task(TaskKind.RENEW, room, TaskReason.DUE)
    story.wait(timedelta(0))

    assert subscriptions(story, room) == []
    assert (row(room).state, row(room).why, row(room).subscription) == (MailboxState.UNUSABLE, "room", "")
    assert len(story.log_lines("mailbox.purpose_unknown")) == 1
