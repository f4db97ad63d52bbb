"""Duplicate messages cause one read."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sandbox.graph import Fault
from shared import wiring
from shared.domain.messages import EventChange, Source
from tests.stories.conftest import Story
from tests.stories.test_at_most_once import GUEST, message

SERIES = {
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday"},
        "range": {"type": "numbered", "startDate": "2026-11-24", "numberOfOccurrences": 4},
    }
}


def test_duplicate_messages_about_an_occurrence_cause_no_further_reads(story: Story) -> None:
    """For ten messages, the occurrence and its series are read once."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    master = story.create_meeting(ada, "cy@contoso.com", **SERIES)
    exception = story.stage.graph.people.change_occurrence(ada.id, master, 1, subject="Moved")
    bodies = [message(ada, exception, story) for _ in range(10)]
    queued = story.stage.clock.now()
    story.stage.clock.advance(timedelta(seconds=20))
    for body in bodies:
        wiring.joinlink().event_messages.handle(body, queued=queued, taken=story.stage.clock.now())

    assert len(story.calls("GET", ada)) == 2
    assert story.outcomes(ada) == [("skipped", "no_rule_matched")] + [("superseded", "read_since")] * 9


def test_a_series_that_changes_after_its_read_is_read_again(story: Story) -> None:
    """One read answers messages about two occurrences, but not a message about a later change."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    master = story.create_meeting(ada, "cy@contoso.com", **SERIES)
    first, second = (
        story.stage.graph.people.change_occurrence(ada.id, master, n, subject="Moved") for n in (1, 2)
    )
    handle, start = wiring.joinlink().event_messages.handle, story.stage.clock.now()

    def at(seconds: int) -> datetime:
        return start + timedelta(seconds=seconds)

    handle(message(ada, first, story), queued=at(0), taken=at(20))
    handle(message(ada, second, story), queued=at(1), taken=at(60))
    story.stage.graph.people.edit(ada.id, master, attendees=[{"type": "required", "emailAddress": {"address": GUEST}}])  # fmt: skip
    handle(message(ada, second, story), queued=at(50), taken=at(70))

    assert story.outcomes(ada) == [
        ("skipped", "no_rule_matched"),
        ("superseded", "read_since"),
        ("enabled", "link_added"),
    ]


def test_copies_of_a_message_that_is_handled_end_at_once(story: Story) -> None:
    """Its read answers them, because they were queued before it was dequeued. A later change is read again."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    meeting = story.create_meeting(ada, GUEST)
    body, verify = message(ada, meeting, story), message(ada, meeting, story, Source.VERIFY)
    handle, start = wiring.joinlink().event_messages.handle, story.stage.clock.now()

    def at(seconds: int) -> datetime:
        return start + timedelta(seconds=seconds)

    def meanwhile() -> None:
        handle(body, queued=at(1), taken=at(21))
        handle(verify, queued=at(1), taken=at(21))
        handle(body, queued=at(20), taken=at(21))

    story.stage.graph.faults.add(Fault(method="GET", meanwhile=meanwhile))
    story.stage.clock.advance(timedelta(seconds=20))
    handle(body, queued=at(0), taken=at(20))

    assert story.outcomes(ada) == [
        ("superseded", "read_since"),
        ("delayed", "mailbox_busy"),
        ("delayed", "mailbox_busy"),
        ("enabled", "link_added"),
    ]
    assert story.stage.host.waiting()["event-changes"] == 2


def test_a_message_that_may_end_in_the_poison_queue_answers_no_copy(story: Story) -> None:
    """It came back before without an error of ours; if that happens again, a copy must still be there."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    body = message(ada, story.create_meeting(ada, GUEST), story)
    came_back = replace(EventChange.decode(body), returns=3).encode().encode()
    handle, queued = wiring.joinlink().event_messages.handle, story.stage.clock.now()
    taken = queued + timedelta(seconds=20)
    copy = partial(handle, body, queued=queued, taken=taken)
    story.stage.graph.faults.add(Fault(method="GET", meanwhile=copy))
    handle(came_back, queued=queued, taken=taken)

    assert story.outcomes(ada) == [("delayed", "mailbox_busy"), ("enabled", "link_added")]


def test_concurrent_duplicates_cause_one_read(story: Story) -> None:
    """Eight threads handle copies of one message at the same time."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    for _ in range(5):
        body = message(ada, story.create_meeting(ada, "cy@contoso.com"), story)
        queued = story.stage.clock.now()
        story.stage.clock.advance(timedelta(seconds=20))
        handle = partial(
            wiring.joinlink().event_messages.handle, body, queued=queued, taken=story.stage.clock.now()
        )
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(handle, [1] * 8))
        story.stage.clock.advance(timedelta(seconds=10))
        story.stage.host.drain()

    assert len(story.calls("GET", ada)) == 5
    assert {reason for _outcome, reason in story.outcomes(ada)} <= {
        "no_rule_matched",
        "read_since",
        "mailbox_busy",
    }
