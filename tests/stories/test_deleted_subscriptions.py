"""Subscriptions that Graph has deleted or lost, or that can't be deleted."""

from datetime import timedelta

import pytest

from sandbox.graph import Fault
from sandbox.stage import CLIENT_STATE_KEY
from shared.domain.messages import TaskKind, TaskReason
from tests.stories.conftest import Story
from tests.stories.test_subscriptions import GUEST, row, subscribe, subscriptions

DEAD = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize("named", [f"Subscription Id <{DEAD}> already exists", "It exists already."])
def test_a_deleted_subscription_is_never_adopted(story: Story, named: str) -> None:
    """Graph refuses because of it, but does not show it: retry with backoff; other mailboxes continue."""
    ada, ben = story.add_person("Ada", watched=False), story.add_person("Ben", watched=False)
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

    assert story.task_outcomes(ada)[0] == ("subscribe", "delayed", "graph_unavailable")
    assert kept.subscription != DEAD
    assert early <= 40
    assert [row(ada).subscription] == subscriptions(story, ada)
    assert len(subscriptions(story, ben)) == 1


def test_a_deleted_subscription_blocks_one_change_type_only(story: Story) -> None:
    """The other changeType means the same."""
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.faults.add(
        Fault(method="POST", path="/subscriptions", status=409, message=f"Subscription Id <{DEAD}> exists")
    )
    subscribe(story, ada)
    [(_, made)] = story.stage.graph.subscriptions.active()

    assert made.change_type == "created,updated,deleted"
    assert row(ada).subscription == made.id


def test_an_old_subscription_that_cant_be_deleted_is_left_over(story: Story) -> None:
    """The row has the new one already; the search for surplus subscriptions deletes the old one later."""
    ada = story.add_person("Ada", watched=False)
    subscribe(story, ada)
    story.restart(
        JOINLINK_CLIENT_STATE_KEY="another-key-of-thirty-two-characters",
        JOINLINK_CLIENT_STATE_KEY_PREVIOUS=CLIENT_STATE_KEY,
    )
    story.stage.graph.faults.add(Fault(method="DELETE", status=503, count=None))
    subscribe(story, ada, TaskReason.SETTINGS_CHANGED)

    assert story.task_outcomes(ada)[-1] == ("subscribe", "subscribed", "subscription_replaced")


def test_a_renewal_that_comes_too_late_creates_another_subscription(story: Story) -> None:
    """Graph does not know the old one any more. The same task creates another; the gap is swept."""
    ada = story.add_person("Ada", watched=False)
    subscribe(story, ada)
    story.stage.graph.remove_subscription(row(ada).subscription, notify=False)
    story.wait(timedelta(hours=4))
    meeting = story.create_meeting(ada, GUEST)
    story.enqueue_task(TaskKind.RENEW, ada, TaskReason.DUE)
    story.run_until_idle()

    assert ("renew", "subscribed", "subscription_created") in story.task_outcomes(ada)
    assert story.has_link(ada, meeting)


def test_a_subscription_that_graph_loses_at_once_is_replaced_at_the_next_sweep(story: Story) -> None:
    """Not at once: if Graph loses each new one, that would never end."""
    ada = story.add_person("Ada", watched=False)

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

    assert [task for task, _outcome, _reason in story.task_outcomes(ada)] == ["subscribe", "sweep"]
    story.wait(timedelta(hours=1))
    story.enqueue_task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    story.wait(timedelta(0))
    assert [task for task, _outcome, _reason in story.task_outcomes(ada)][2:] == ["sweep", "sweep"]
    assert [outcome for _task, outcome, _reason in story.task_outcomes(ada)][2:] == ["subscribed", "swept"]
