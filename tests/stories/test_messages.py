"""Messages that are unreadable, come back, or can't be handled."""

from datetime import timedelta

import pytest
from azure.storage.queue import QueueClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from sandbox.graph import Fault
from shared.domain.later_message import LaterMessage
from shared.domain.messages import EventChange, Source
from tests.stories.conftest import Story
from tests.stories.test_trouble import ADDED, GUEST


def test_a_permanent_refusal_goes_to_the_poison_queue(story: Story) -> None:
    """A 400 is an error of ours: the poison queue has the whole message and the reason."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="GET", status=400, code="ErrorInvalidIdMalformed"))
    story.run_until_idle()
    [poison] = story.poison_messages()

    assert story.outcomes(ada) == [("failed", "unexpected_answer")]
    assert poison["reason"] == "unexpected_answer"
    assert "ErrorInvalidIdMalformed" in poison["detail"]
    assert meeting in poison["message"]


def queue_of(story: Story) -> QueueClient:
    """Return the queue of the events' messages."""
    return QueueClient.from_connection_string(
        story.stage.settings["AzureWebJobsStorage"],
        "event-changes",
        message_encode_policy=TextBase64EncodePolicy(),
        message_decode_policy=TextBase64DecodePolicy(),
    )


def put(story: Story, text: str) -> None:
    """Put a text on the queue."""
    with queue_of(story) as queue:
        queue.send_message(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param('{"v":0,"mailbox":"m"}', "version 0", id="an unknown version"),
        pytest.param("hello", "not JSON", id="not JSON"),
    ],
)
def test_an_unreadable_message_goes_to_the_poison_queue(story: Story, text: str, problem: str) -> None:
    """At once, with the reason and its text."""
    put(story, text)
    story.stage.host.drain()
    [poison] = story.poison_messages()

    assert [(line["outcome"], line["reason"]) for line in story.log_lines()] == [
        ("failed", "unreadable_message")
    ]
    assert poison["message"] == text
    assert problem in poison["detail"]


def test_a_message_of_a_later_version_waits_for_a_day(story: Story) -> None:
    """A roll-out may take that long. Then the poison queue gets the whole message, and replay enqueues it."""
    text = '{"v":2,"events":["a","b"]}'
    put(story, text)
    for _ in range(23):
        story.wait(timedelta(hours=1))
    assert {(line["outcome"], line["reason"]) for line in story.log_lines()} == {("delayed", "later_version")}
    assert story.poison_messages() == []

    for _ in range(2):
        story.wait(timedelta(hours=1))
    [poison] = story.poison_messages()

    assert (story.log_lines()[-1]["outcome"], poison["reason"]) == ("failed", "later_version")
    assert poison["message"] == text
    assert sum(story.stage.host.waiting().values()) == 0


def test_a_waiting_message_is_handled_by_its_version(story: Story) -> None:
    """Both versions read the envelope; here this version can read the message."""
    ada = story.add_person("Ada")
    change = EventChange(
        mailbox=ada.id,
        event=story.create_meeting(ada, GUEST),
        source=Source.SWEEP,
        received=story.stage.clock.now(),
        trace="t",
    )
    put(story, LaterMessage(change.encode(), story.stage.clock.now()).encode())
    story.stage.host.drain()

    assert story.outcomes(ada) == [ADDED]


def test_a_message_that_kills_the_process_goes_to_the_poison_queue(story: Story) -> None:
    """It comes back without an error: Joinlink enqueues it alone, and gives up after four returns."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    body = EventChange(
        mailbox=ada.id, event=meeting, source=Source.SWEEP, received=story.stage.clock.now(), trace="killer"
    ).encode()
    with queue_of(story) as queue:
        queue.send_message(body)
        for _ in range(4):
            story.stage.clock.advance(timedelta(minutes=5))
            lost = queue.receive_message(visibility_timeout=1)  # the process dies
            assert lost is not None
            story.stage.clock.advance(timedelta(minutes=1))
            story.stage.host.drain()
    [poison] = story.poison_messages()

    assert story.outcomes(ada) == [("delayed", "worker_lost")] * 3 + [("failed", "worker_lost")]
    assert poison["reason"] == "worker_lost"
    assert story.calls("GET", ada) == []


def test_a_message_lost_with_another_one_is_handled(story: Story) -> None:
    """Its count of returns starts again whenever it was handled to its end."""
    ada = story.add_person("Ada", watched=False)
    change = EventChange(
        mailbox=ada.id,
        event=story.create_meeting(ada, GUEST),
        source=Source.SWEEP,
        received=story.stage.clock.now(),
        trace="t",
        returns=3,
    )
    story.stage.graph.faults.add(Fault(method="GET", status=500, count=2))
    put(story, change.encode())
    story.stage.host.drain()
    with queue_of(story) as queue:
        story.stage.clock.advance(timedelta(hours=1))
        assert [EventChange.decode(message.content).returns for message in queue.peek_messages()] == [0]
    story.run_until_idle()

    assert story.outcomes(ada) == [("delayed", "graph_unavailable"), ADDED]


def test_an_unexpected_error_is_retried_four_times(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the message goes to the poison queue. The log leaves out the error's text."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)

    def fails(*_arguments: object) -> None:
        raise ValueError("secret nonsense")

    monkeypatch.setattr("shared.worker.events.deciding.decide", fails)
    story.run_until_idle()
    [poison] = story.poison_messages()

    assert story.outcomes(ada) == [("delayed", "unexpected_error")] * 4 + [("failed", "unexpected_error")]
    assert "ValueError at" in poison["detail"]
    assert "secret nonsense" not in story.caplog.text


@pytest.mark.parametrize("seconds", [60, -60])
def test_a_wrong_clock_of_the_webhook_changes_nothing(story: Story, seconds: int) -> None:
    """Ten duplicates make one read, and a change after that read is not lost."""
    ada = story.add_person("Ada", watched=False)
    meeting = story.create_meeting(ada, "cy@contoso.com")

    def notify() -> None:
        received = story.stage.clock.now() + timedelta(seconds=seconds)
        change = EventChange(
            mailbox=ada.id, event=meeting, source=Source.NOTIFICATION, received=received, trace="t"
        )
        with queue_of(story) as queue:
            queue.send_message(change.encode(), visibility_timeout=20)

    for _ in range(10):
        notify()
    story.wait()
    assert len(story.calls("GET", ada)) == 1
    assert story.outcomes(ada) == [("skipped", "no_rule_matched")] + [("superseded", "read_since")] * 9

    story.stage.graph.people.edit(ada.id, meeting, subject="Changed within the minute")
    notify()
    story.wait()

    assert story.outcomes(ada)[10:] == [("skipped", "no_rule_matched")]
    assert all(line["queue_wait_seconds"] >= 20 for line in story.log_lines())
