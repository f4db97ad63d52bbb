"""Sweeps of calendars that are partly unreadable, slow, long or failing: readable events are still found."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import DirectoryUser, Fault
from shared import wiring
from shared.domain.messages import MAILBOX_TASKS
from shared.storage.mailboxes import Mailbox, MailboxState
from tests.stories.conftest import RunJoinlink, Story
from tests.stories.test_a_meeting import SERIES
from tests.stories.test_sweep import GUEST, LOSE_ALL, subscribed, sweep

Edit = Callable[[dict[str, Any]], None]


def row(user: DirectoryUser) -> Mailbox:
    return wiring.joinlink().parts.storage.mailboxes.read(user.id)


def crowd(story: Story, user: DirectoryUser, number: int) -> None:
    """Add internal events before the others."""
    for n in range(number):
        story.stage.graph.people.create(
            user.id,
            subject=f"Internal {n}",
            start={"dateTime": "2026-11-23T20:00:00", "timeZone": "UTC"},
            end={"dateTime": "2026-11-23T21:00:00", "timeZone": "UTC"},
        )


def changing(subject: str, **properties: Any) -> Edit:
    """Return an edit that changes the event with this subject, on a page or alone."""

    def edit(answer: dict[str, Any]) -> None:
        for item in answer.get("value", [answer]):
            if item.get("subject") == subject:
                item.update(properties)

    return edit


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"start": None}, id="a null start"),
        pytest.param({"id": None}, id="no id"),
        pytest.param({"attendees": 7}, id="a number for a list"),
        pytest.param({"isCancelled": "no"}, id="text for false"),
        pytest.param(
            {"end": {"dateTime": "10000-01-01T00:00:00", "timeZone": "UTC"}}, id="a date beyond the year 9999"
        ),
        pytest.param({"recurrence": [None]}, id="a list for an object"),
    ],
)
def test_an_unreadable_event_does_not_affect_others(story: Story, odd: dict[str, Any]) -> None:
    """It is counted, and the sweep finishes."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    story.create_meeting(ada, GUEST, subject="Odd")
    meetings = [story.create_meeting(ada, GUEST, subject=subject) for subject in ("Before", "After")]
    story.stage.graph.faults.add(Fault(path="calendarView|events", edit=changing("Odd", **odd), count=None))
    sweep(story, ada)

    assert all(story.has_link(ada, meeting) for meeting in meetings)
    swept = story.log_lines("mailbox.swept")[-1]
    assert (swept["events"], swept["queued"], swept["unreadable"]) == (3, 2, 1)
    assert story.poison_messages(MAILBOX_TASKS) == []


@pytest.mark.parametrize(
    "fine",
    [
        pytest.param({"categories": [None, "Red"]}, id="a null category"),
        pytest.param({"locations": [None]}, id="a null place"),
        pytest.param({"lastModifiedDateTime": "yesterday"}, id="text for a timestamp"),
    ],
)
def test_unreadable_details_are_ignored(story: Story, fine: dict[str, Any]) -> None:
    """The event still gets its link."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    meeting = story.create_meeting(ada, GUEST, subject="Odd")
    story.stage.graph.faults.add(Fault(method="GET", edit=changing("Odd", **fine), count=None))
    sweep(story, ada)

    assert story.has_link(ada, meeting)


def test_an_unreadable_event_is_reported_once_a_day(story: Story) -> None:
    """Not at every sweep: the mailbox's row has its hash."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    odd = story.create_meeting(ada, GUEST, subject="Odd")
    story.stage.graph.faults.add(Fault(path="calendarView", edit=changing("Odd", start=7), count=None))
    for _ in range(3):
        sweep(story, ada)
    assert [(line["event_id"], line["mailbox"]) for line in story.log_lines("event.unreadable")] == [
        (odd, ada.id)
    ]

    story.wait(timedelta(days=1))
    sweep(story, ada)
    assert len(story.log_lines("event.unreadable")) == 2
    assert "start" in story.log_lines("event.unreadable")[0]["detail"]


def test_a_notified_event_that_is_unreadable_is_skipped(story: Story) -> None:
    """One call, one log line, no poison message."""
    ada = story.add_person("Ada")
    story.stage.graph.faults.add(Fault(path="/events/", edit=changing("Odd", attendees={}), count=None))
    story.create_meeting(ada, GUEST, subject="Odd")
    story.run_until_idle()

    assert story.outcomes(ada) == [("skipped", "unreadable_event")]
    assert "attendees" in story.log_lines()[0]["detail"]
    assert story.poison_messages() == []


def test_an_unreadable_series_does_not_affect_others(story: Story) -> None:
    """Its master can't be read: it is counted by its id."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    story.create_meeting(ada, GUEST, **{**SERIES, "subject": "Odd"})
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(path="/events/", edit=changing("Odd", recurrence=7), count=None))
    sweep(story, ada)

    assert story.has_link(ada, meeting)
    assert story.log_lines("mailbox.swept")[-1]["unreadable"] == 1


@pytest.mark.parametrize(("status", "count"), [(500, 2), (403, 1), (404, 1)])
def test_a_series_that_cant_be_read_now_is_queued(story: Story, status: int, count: int) -> None:
    """The error affects neither the mailbox's state nor other events."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    master = story.create_meeting(ada, GUEST, **SERIES)
    story.stage.graph.faults.add(Fault(path="/events/", status=status, count=count, code="UnknownError"))
    meeting = story.create_meeting(ada, GUEST)
    sweep(story, ada)
    sweep(story, ada)

    assert story.has_link(ada, meeting)
    assert story.has_link(ada, master)
    assert row(ada).state is MailboxState.ACTIVE


def test_a_backfill_reads_such_calendars_too(story: Story, run_joinlink: RunJoinlink) -> None:
    """One unreadable event, and pages of at most 25: the others get their links."""
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.delivery = LOSE_ALL
    story.create_meeting(ada, GUEST, subject="Odd")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(path="calendarView", query="top=(100|50)", status=504, count=None))
    story.stage.graph.faults.add(Fault(path="calendarView", edit=changing("Odd", start=None), count=None))
    assert wiring.joinlink().policies.current()  # the app has loaded its rules
    result = run_joinlink("backfill", "--all", "--yes")
    story.run_until_idle()

    assert result.exit == 0, result
    assert story.has_link(ada, meeting)
