"""Subscriptions that Graph wants shorter than its documentation says."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from sandbox.graph import DirectoryUser, LengthLimit
from shared import wiring
from shared.domain.messages import MAILBOX_TASKS, TaskKind, TaskReason
from tests.stories.conftest import Story
from tests.stories.test_subscriptions import row, subscribe

MINUTE = timedelta(minutes=1)


def subscription_calls(story: Story) -> Iterator[tuple[str, int]]:
    for call in story.stage.graph.calls:
        if call.path.startswith("/v1.0/subscriptions") and call.method in {"POST", "PATCH"}:
            yield call.method, call.status


def watched(story: Story, length: LengthLimit) -> DirectoryUser:
    story.stage.graph.subscriptions.length = length
    ada = story.add_person("Ada", watched=False)
    subscribe(story, ada)
    return ada


def test_a_shorter_length_is_found_remembered_and_renewed_half_way(story: Story) -> None:
    """4,230 minutes, as older pages and other clouds say. Only the first task meets the refusal."""
    ada = watched(story, LengthLimit(longest=4_230 * MINUTE))
    story.run_until_idle()
    began = story.stage.clock.now()
    first = row(ada)
    assert first.expires
    assert first.renew_at
    assert timedelta(0) < began + 4_230 * MINUTE - first.expires < 3 * timedelta(hours=1)
    assert abs((first.renew_at - began) - (first.expires - began) / 2) < 2 * MINUTE
    assert list(subscription_calls(story)) == [("POST", 400), ("POST", 201)]
    assert [line["minutes"] for line in story.log_lines("mailbox.lifetime_reduced")] == [4_129]

    story.stage.clock.advance(timedelta(days=1, hours=12))
    story.enqueue_task(TaskKind.RENEW, ada, TaskReason.DUE)
    story.run_until_idle()

    assert list(subscription_calls(story))[2:] == [("PATCH", 200)]
    assert (row(ada).expires or first.expires) > first.expires
    assert story.poison_messages(MAILBOX_TASKS) == []


def test_a_tenant_that_gets_stricter_is_met_at_the_next_renewal(story: Story) -> None:
    """And a week later the usual length is tried again."""
    ada = watched(story, LengthLimit())
    assert row(ada).lifetime is None
    story.stage.graph.subscriptions.length = LengthLimit(longest=1_440 * MINUTE, named="a few", status=403)
    story.stage.clock.advance(timedelta(days=3))
    story.enqueue_task(TaskKind.RENEW, ada, TaskReason.DUE)
    story.run_until_idle()

    assert list(subscription_calls(story))[1:] == [("PATCH", 403), ("PATCH", 403), ("PATCH", 200)]
    assert row(ada).lifetime == 1_405
    assert story.log_lines("mailbox.lost") == []

    story.stage.graph.subscriptions.length = LengthLimit()
    story.stage.clock.advance(timedelta(days=7))
    subscribe(story, ada)
    expires = row(ada).expires
    assert expires
    assert expires - story.stage.clock.now() > timedelta(days=6)


@pytest.mark.parametrize("named", ["0", "-60", "a few", "1000000000", "99999999999999999999"])
def test_an_absurd_length_in_the_answer_counts_as_none(story: Story, named: str) -> None:
    """The next shorter is asked for; nothing goes to the poison queue."""
    ada = watched(story, LengthLimit(longest=4_230 * MINUTE, named=named))

    assert row(ada).lifetime == 4_129
    assert story.task_outcomes(ada)[0] == ("subscribe", "subscribed", "subscription_created")


def test_a_mailbox_for_which_every_length_is_refused_waits(story: Story) -> None:
    """For days: the task is retried hourly and never goes to the poison queue. When Graph relents, it ends."""
    ada = watched(story, LengthLimit(longest=timedelta(minutes=1), named="1"))
    for _ in range(40):
        story.stage.clock.advance(timedelta(hours=1, minutes=20))
        story.stage.host.drain()

    assert set(story.task_outcomes(ada)) == {("subscribe", "delayed", "lifetime_refused")}
    assert len(story.task_outcomes(ada)) > 30
    assert story.poison_messages(MAILBOX_TASKS) == []
    assert wiring.joinlink().parts.storage.mailboxes.read(ada.id).lifetime is None

    story.stage.graph.subscriptions.length = LengthLimit()
    story.stage.clock.advance(timedelta(hours=2))
    story.stage.host.drain()
    assert ("subscribe", "subscribed", "subscription_created") in story.task_outcomes(ada)
