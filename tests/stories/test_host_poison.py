"""What the Functions host itself moves to a poison queue: kept for good, told of once, and put back by replay."""

import json
from datetime import timedelta
from typing import Any

import pytest
from azure.storage.queue import QueueClient, QueueMessage

from shared.domain.messages import EventChange, Source
from shared.domain.poison_envelope import MAX_BYTES
from shared.errors import QueueUnavailable
from shared.storage.poison_queue import PoisonQueue
from tests.stories.conftest import AtTheDesk, Story

GUEST = "bo@fabrikam.com"
FOREVER = 9999


def lying(story: Story) -> list[QueueMessage]:
    """Return what lies in the poison queue as it is there, base64 or not."""
    connection = story.stage.settings["AzureWebJobsStorage"]
    with QueueClient.from_connection_string(connection, "event-changes-poison") as queue:
        return list(queue.peek_messages(32))


def put_raw(story: Story, queue_name: str, text: str) -> None:
    connection = story.stage.settings["AzureWebJobsStorage"]
    with QueueClient.from_connection_string(connection, queue_name) as queue:
        queue.send_message(text)


def maintain(story: Story) -> None:
    story.stage.host.run_timer("maintenance")


def told(story: Story) -> list[tuple[str, Any]]:
    return [(line["reason"], line["mailbox"]) for line in story.lines("message.poisoned")]


def change(story: Story) -> EventChange:
    ada = story.person("Ada", watched=False)
    meeting = story.meeting(ada, GUEST)
    now = story.stage.clock.now()
    return EventChange(mailbox=ada.id, event=meeting, source=Source.NOTIFICATION, received=now, trace="t")


def test_text_that_is_no_base64_never_expires(story: Story) -> None:
    """The host moves it at the first try, for seven days; it is in an envelope of ours a quarter of an hour later."""
    put_raw(story, "event-changes", "<no base64>")
    story.stage.host.drain()
    maintain(story)
    story.stage.clock.advance(timedelta(days=30))
    maintain(story)
    [kept] = story.poison()
    [message] = lying(story)

    assert (kept["reason"], kept["message"]) == ("moved_by_the_host", "<no base64>")
    assert message.expires_on is not None
    assert message.expires_on.year == FOREVER
    assert told(story) == [("moved_by_the_host", None)]
    assert story.lines("maintenance.finished")[-1]["poison"]["event-changes-poison"] == 1


def test_what_the_process_died_over_comes_back_with_replay(story: Story, at_the_desk: AtTheDesk) -> None:
    """Named by its mailbox in the log, whole in the queue."""
    lost = change(story)
    story.set_aside(lost.encode())
    maintain(story)
    assert told(story) == [("moved_by_the_host", lost.mailbox)]

    ran = at_the_desk("replay", "--yes")
    story.play()

    assert ran.exit == 0
    assert "1  moved_by_the_host" in ran.out
    assert story.has_link(story.people["Ada"], lost.event)
    assert story.poison() == []


def test_killed_between_send_and_delete_it_is_kept_once(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run knows the message by its id."""
    story.set_aside(change(story).encode())
    with monkeypatch.context() as broken:
        broken.setattr(PoisonQueue, "delete", _dies)
        maintain(story)
    story.stage.clock.advance(timedelta(minutes=15))
    assert len(lying(story)) == 2
    maintain(story)

    assert [kept["reason"] for kept in story.poison()] == ["moved_by_the_host"]
    assert len(told(story)) == 1


def test_trouble_with_a_queue_stops_no_maintenance(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, and made up for by the next run."""
    story.set_aside("nonsense")
    with monkeypatch.context() as broken:
        broken.setattr(PoisonQueue, "add", _dies)
        maintain(story)

    assert [line["detail"] for line in story.lines("maintenance.queues_left")] == ["gone"]
    assert len(story.lines("maintenance.finished")) == 1


def test_envelopes_of_ours_are_left_as_they_are(story: Story) -> None:
    """Also where they lie before what the host moved, more of them than a run looks at."""
    for number in range(4):
        put_ours(story, number)
    before = {message.id for message in lying(story)}
    story.set_aside("nonsense")
    for _ in range(3):
        maintain(story)
        story.stage.clock.advance(timedelta(minutes=15))

    assert before <= {message.id for message in lying(story)}
    assert sorted(kept["reason"] for kept in story.poison()) == ["moved_by_the_host"] + ["too_old"] * 4


@pytest.fixture(autouse=True)
def few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.worker.mailboxes.queue_maintenance.MAX_MESSAGES", 2)


def put_ours(story: Story, number: int) -> None:
    text = json.dumps(
        {"v": 1, "reason": "too_old", "detail": "", "at": "2026-11-22T08:00:00+00:00", "message": str(number)}
    )
    with story._queue("event-changes-poison") as queue:
        if number == 0:
            queue.create_queue()
        queue.send_message(text, time_to_live=-1)


def test_a_message_too_long_for_an_envelope_is_kept_as_it_is(story: Story) -> None:
    """Nothing of it is cut, and it never expires."""
    longest = "x" * MAX_BYTES
    story.set_aside(longest)
    maintain(story)
    maintain(story)
    with story._queue("event-changes-poison") as queue:
        [message] = queue.peek_messages(32)

    assert message.content == longest
    assert message.expires_on is not None
    assert message.expires_on.year == FOREVER
    assert len(told(story)) == 1


def test_maintenance_creates_the_queues(story: Story) -> None:
    """The host only complains about a missing one."""
    connection = story.stage.settings["AzureWebJobsStorage"]
    for name in ("event-changes", "mailbox-tasks"):
        with QueueClient.from_connection_string(connection, name) as queue:
            queue.delete_queue()
    maintain(story)

    assert set(story.stage.host.waiting()) == {"event-changes", "mailbox-tasks"}


def _dies(*_: object) -> None:
    raise QueueUnavailable("gone")
