"""Messages that the Functions host moves to a poison queue never expire, are logged once, and can be replayed."""

import json
from datetime import timedelta
from typing import Any

import pytest
from azure.storage.queue import QueueClient, QueueMessage

from shared.domain.messages import EventChange, Source
from shared.domain.poison_envelope import MAX_BYTES
from shared.errors import QueueUnavailable
from shared.storage.poison_queue import PoisonQueue
from tests.stories.conftest import RunJoinlink, Story

GUEST = "bo@fabrikam.com"
FOREVER = 9999


def raw_messages(story: Story) -> list[QueueMessage]:
    """Return the messages in the poison queue, without decoding them."""
    connection = story.stage.settings["AzureWebJobsStorage"]
    with QueueClient.from_connection_string(connection, "event-changes-poison") as queue:
        return list(queue.peek_messages(32))


def put_raw(story: Story, queue_name: str, text: str) -> None:
    connection = story.stage.settings["AzureWebJobsStorage"]
    with QueueClient.from_connection_string(connection, queue_name) as queue:
        queue.send_message(text)


def maintain(story: Story) -> None:
    story.stage.host.run_timer("maintenance")


def logged(story: Story) -> list[tuple[str, Any]]:
    return [(line["reason"], line["mailbox"]) for line in story.log_lines("message.poisoned")]


def change(story: Story) -> EventChange:
    ada = story.add_person("Ada", watched=False)
    meeting = story.create_meeting(ada, GUEST)
    now = story.stage.clock.now()
    return EventChange(mailbox=ada.id, event=meeting, source=Source.NOTIFICATION, received=now, trace="t")


def test_text_that_is_not_base64_never_expires(story: Story) -> None:
    """The host moves it at the first try and keeps it for seven days. Maintenance puts it into our envelope."""
    put_raw(story, "event-changes", "<not base64>")
    story.stage.host.drain()
    maintain(story)
    story.stage.clock.advance(timedelta(days=30))
    maintain(story)
    [kept] = story.poison_messages()
    [message] = raw_messages(story)

    assert (kept["reason"], kept["message"]) == ("moved_by_the_host", "<not base64>")
    assert message.expires_on is not None
    assert message.expires_on.year == FOREVER
    assert logged(story) == [("moved_by_the_host", None)]
    assert story.log_lines("maintenance.finished")[-1]["poison"]["event-changes-poison"] == 1


def test_a_message_that_killed_the_process_can_be_replayed(story: Story, run_joinlink: RunJoinlink) -> None:
    """The log has its mailbox, and the queue has the whole message."""
    lost = change(story)
    story.add_poison(lost.encode())
    maintain(story)
    assert logged(story) == [("moved_by_the_host", lost.mailbox)]

    result = run_joinlink("replay", "--yes")
    story.run_until_idle()

    assert result.exit == 0
    assert "1  moved_by_the_host" in result.out
    assert story.has_link(story.people["Ada"], lost.event)
    assert story.poison_messages() == []


def test_a_kill_between_send_and_delete_leaves_no_duplicate(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run recognizes the message by its id."""
    story.add_poison(change(story).encode())
    with monkeypatch.context() as broken:
        broken.setattr(PoisonQueue, "delete", _fails)
        maintain(story)
    story.stage.clock.advance(timedelta(minutes=15))
    assert len(raw_messages(story)) == 2
    maintain(story)

    assert [kept["reason"] for kept in story.poison_messages()] == ["moved_by_the_host"]
    assert len(logged(story)) == 1


def test_maintenance_continues_if_a_queue_fails(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """It logs the error; the next run retries."""
    story.add_poison("nonsense")
    with monkeypatch.context() as broken:
        broken.setattr(PoisonQueue, "add", _fails)
        maintain(story)

    assert [line["detail"] for line in story.log_lines("maintenance.queues_left")] == ["gone"]
    assert len(story.log_lines("maintenance.finished")) == 1


def test_our_envelopes_are_not_changed(story: Story) -> None:
    """Even if the queue has more of them, before the host's messages, than a run reads."""
    for number in range(4):
        put_envelope(story, number)
    before = {message.id for message in raw_messages(story)}
    story.add_poison("nonsense")
    for _ in range(3):
        maintain(story)
        story.stage.clock.advance(timedelta(minutes=15))

    assert before <= {message.id for message in raw_messages(story)}
    assert (
        sorted(kept["reason"] for kept in story.poison_messages()) == ["moved_by_the_host"] + ["too_old"] * 4
    )


@pytest.fixture(autouse=True)
def a_run_reads_two_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.worker.mailboxes.queue_maintenance.MAX_MESSAGES", 2)


def put_envelope(story: Story, number: int) -> None:
    text = json.dumps(
        {"v": 1, "reason": "too_old", "detail": "", "at": "2026-11-22T08:00:00+00:00", "message": str(number)}
    )
    with story._queue("event-changes-poison") as queue:
        if number == 0:
            queue.create_queue()
        queue.send_message(text, time_to_live=-1)


def test_a_message_too_long_for_an_envelope_is_kept_as_it_is(story: Story) -> None:
    """It is not truncated, and it never expires."""
    longest = "x" * MAX_BYTES
    story.add_poison(longest)
    maintain(story)
    maintain(story)
    with story._queue("event-changes-poison") as queue:
        [message] = queue.peek_messages(32)

    assert message.content == longest
    assert message.expires_on is not None
    assert message.expires_on.year == FOREVER
    assert len(logged(story)) == 1


def test_maintenance_creates_the_queues(story: Story) -> None:
    """The host only logs an error if one is missing."""
    connection = story.stage.settings["AzureWebJobsStorage"]
    for name in ("event-changes", "mailbox-tasks"):
        with QueueClient.from_connection_string(connection, name) as queue:
            queue.delete_queue()
    maintain(story)

    assert set(story.stage.host.waiting()) == {"event-changes", "mailbox-tasks"}


def _fails(*_: object) -> None:
    raise QueueUnavailable("gone")
