"""Data that is not needed any more is deleted by maintenance, and what is still needed stays."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import Drop, Fault
from shared import wiring
from shared.settings import StorageSettings
from shared.storage.tables import Table
from tests.stories.conftest import AtTheDesk, Begin, Story
from tests.stories.test_maintenance import maintain, scoped, watched

GUEST = "bo@fabrikam.com"
DAY = timedelta(days=1)
SERIES = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2026-11-24"}}


@contextmanager
def opened(story: Story, name: str) -> Iterator[Table]:
    connection = StorageSettings(connection_string=story.stage.settings["AzureWebJobsStorage"])
    table = Table.connect(name, connection, None)
    yield table
    table.close()


def rows(story: Story, name: str) -> list[Mapping[str, Any]]:
    with opened(story, name) as table:
        return list(table.rows())


def states(story: Story) -> list[str]:
    """Return the state of every row about an event."""
    return sorted(row["state"] for row in rows(story, "meetings") if "state" in row)


def later(story: Story, days: int) -> dict[str, Any]:
    """Let days pass and run maintenance; return its line."""
    story.wait(days * DAY)
    story.stage.host.run_timer("maintenance")
    return story.lines("maintenance.finished")[-1]


def move(story: Story, event: str, day: str) -> None:
    """Move Ada's event to another day."""
    start, end = (
        {"dateTime": f"{day}T{hour}:00:00", "timeZone": "UTC"} for hour in ("09", "10")
    )
    ada = story.people["Ada"]
    story.stage.graph.people.change(ada.id, event, start=start, end=end)
    story.play()


def test_a_row_about_an_event_goes_90_days_after_its_end(story: Story) -> None:
    """The marker of the memory stays, and so does the row of a series without an end."""
    ada = story.person("Ada")
    story.meeting(ada, GUEST)
    story.meeting(ada, GUEST, recurrence=SERIES)
    story.play()
    before, after = later(story, 90), later(story, 3)

    assert (before["removed"].get("meetings"), after["removed"]["meetings"]) == (None, 1)
    assert states(story) == ["enabled"]
    assert wiring.joinlink().parts.storage.memory_marker.exists()
