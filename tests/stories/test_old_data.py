"""Maintenance deletes data that is no longer needed, and no other."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import NotificationDelivery
from shared import wiring
from shared.domain.messages import TaskKind, TaskReason
from shared.errors import StorageUnavailable
from shared.settings import StorageSettings
from shared.storage.old_rows import OldRowPage, OldRows
from shared.storage.tables import Row, Table
from shared.worker.common.world import World
from tests.stories.conftest import RunJoinlink, StartStory, Story
from tests.stories.test_maintenance import maintain, scoped, watched

GUEST = "bo@fabrikam.com"
DAY = timedelta(days=1)
WEEK: dict[str, Any] = {
    "pattern": {"type": "daily", "interval": 1},
    "range": {"type": "endDate", "startDate": "2026-11-24", "endDate": "2026-11-30"},
}
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
    """Advance the clock by days and run maintenance; return its log line."""
    story.wait(days * DAY)
    story.stage.host.run_timer("maintenance")
    return story.log_lines("maintenance.finished")[-1]


def move(story: Story, event: str, day: str, **properties: Any) -> None:
    """Move Ada's event to another day, in her own client."""
    at = [{"dateTime": f"{day}T{hour}:00:00", "timeZone": "UTC"} for hour in ("09", "10")]
    story.stage.graph.people.edit(story.people["Ada"].id, event, start=at[0], end=at[1], **properties)
    story.run_until_idle()


def test_the_row_of_an_event_is_deleted_90_days_after_its_end(story: Story) -> None:
    """A series ends with its last occurrence. The marker and the row of a series without an end stay."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.create_meeting(ada, GUEST, recurrence=SERIES)
    stopped = story.create_meeting(ada, GUEST, recurrence=SERIES)
    story.run_until_idle()
    story.stage.graph.people.edit(ada.id, stopped, recurrence=WEEK)
    story.run_until_idle()
    before, after = later(story, 90), later(story, 3)

    assert (before["removed"].get("meetings"), after["removed"]["meetings"]) == (None, 1)
    assert later(story, 5)["removed"]["meetings"] == 1
    assert states(story) == ["enabled"]
    assert wiring.joinlink().parts.storage.memory_marker.exists()


def test_the_row_of_a_moved_event_stays_until_its_new_end(story: Story) -> None:
    """A person moved it to next year and removed the link. The link is not added again."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.run_until_idle()
    move(story, meeting, "2027-11-24")
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    later(story, 93)
    story.stage.watch(ada)
    story.stage.graph.people.edit(ada.id, meeting, subject="Review of the year")
    story.run_until_idle()

    assert states(story) == ["enabled"]
    assert story.outcomes(ada)[-1] == ("skipped", "removed_by_user")
    assert not story.has_link(ada, meeting)


@pytest.mark.parametrize(
    "properties",
    [
        pytest.param({}, id="an event"),
        pytest.param({"recurrence": WEEK}, id="a series"),
    ],
)
def test_a_sweep_finds_a_move_whose_notification_was_lost(story: Story, properties: dict[str, Any]) -> None:
    """The event is online, so no other message would update its row."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST, **properties)
    story.run_until_idle()
    recurrence = {"recurrence": {**WEEK, "range": {**WEEK["range"], "endDate": "2027-11-24"}}}
    later_date = "2026-12-24" if not properties else "2026-11-24"
    story.stage.graph.delivery = NotificationDelivery(lose=1.0)
    move(story, meeting, later_date, **(recurrence if properties else {}))
    story.wait(10 * DAY)
    story.enqueue_task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    story.run_until_idle()
    [ends] = {row["ends"] for row in rows(story, "meetings") if "state" in row}

    assert story.outcomes(ada)[-1] == ("skipped", "already_online")
    assert ends > story.stage.clock.now()


def test_an_event_without_a_row_that_moves_to_the_future_counts_as_new(story: Story) -> None:
    """Its row was deleted after 90 days."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.run_until_idle()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    later(story, 93)
    story.stage.watch(ada)
    move(story, meeting, "2027-11-24")

    assert story.outcomes(ada)[-1] == ("enabled", "link_added")


def test_the_row_of_a_held_event_stays_until_an_admin_decides(
    story: Story, run_joinlink: RunJoinlink
) -> None:
    """`joinlink held` lists it. Once it is released, its row is deleted like others."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.lose_next_answer()
    story.wait()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    later(story, 93)
    assert states(story) == ["write_unknown"]
    [listed] = json.loads(run_joinlink("held", "--json").out)
    run_joinlink("held", "--release", listed["id"], "--yes")
    story.run_until_idle()
    later(story, 2)

    assert states(story) == []


def test_a_counter_is_deleted_a_week_after_its_window(story: Story) -> None:
    """A refund happens earlier."""
    story.create_meeting(story.add_person("Ada"), GUEST)
    story.run_until_idle()
    before, after = later(story, 6), later(story, 2)

    assert (before["removed"], after["removed"]) == ({}, {"counters": 1})
    assert rows(story, "counters") == []


def test_the_row_of_a_mailbox_is_deleted_30_days_after_it_left(start_story: StartStory) -> None:
    """A mailbox that returns is subscribed as a new one."""
    story = start_story(scoped("{include: all}"))
    ada, bo = story.add_person("Ada", watched=False), story.add_person("Bo", watched=False)
    maintain(story)
    rules, everyone = story.rules / "rules.yaml", scoped("{include: all}")
    rules.write_text(scoped(f"{{include: all, exclude: [{{user: {bo.id}}}]}}"))
    maintain(story, runs=4)
    assert watched(story) == ["Ada"]
    later(story, 29)
    assert {row["RowKey"] for row in rows(story, "mailboxes")} == {ada.id, bo.id}
    line = later(story, 2)
    assert {row["RowKey"] for row in rows(story, "mailboxes")} == {ada.id}
    rules.write_text(everyone)
    maintain(story, runs=3)

    assert line["removed"]["mailboxes"] == 1
    assert watched(story) == ["Ada", "Bo"]


def test_a_backfill_is_deleted_after_30_days(story: Story, run_joinlink: RunJoinlink) -> None:
    """With its row for each mailbox."""
    story.create_meeting(story.add_person("Ada"), GUEST)
    maintain(story)
    assert run_joinlink("backfill", "--all", "--yes").exit == 0
    found = len(rows(story, "backfills"))
    later(story, 29)
    assert len(rows(story, "backfills")) == found
    later(story, 2)

    assert found >= 1
    assert rows(story, "backfills") == []


def test_a_run_deletes_some_pages_and_the_next_run_continues(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run is short, even with many old rows."""
    monkeypatch.setattr("shared.worker.mailboxes.cleanup.PAGE_SIZE", 3)
    maintain(story)
    with opened(story, "counters") as table:
        for number in range(32):
            table.merge("rule", f"hour-{number:02}", {"v": 1, "count": 1})
        story.wait(8 * DAY)
        numbers = [later(story, 0)["removed"].get("counters", 0) for _ in range(4)]

    # The first run uses two of its pages for the tables before this one.
    assert numbers == [9, 15, 8, 0]


def test_a_row_that_changes_before_its_deletion_stays(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another instance may use it again."""
    story.create_meeting(story.add_person("Ada"), GUEST)
    story.run_until_idle()
    delete = OldRows.delete

    def written_before(old: OldRows, row: Row) -> bool:
        with opened(story, "counters") as table:
            table.merge(*row.key, {"count": 2})
        return delete(old, row)

    monkeypatch.setattr(OldRows, "delete", written_before)
    line = later(story, 8)

    assert line["removed"] == {}
    assert [row["count"] for row in rows(story, "counters")] == [2]


def test_a_storage_error_ends_the_deletion(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run succeeds, and the next deletion starts at the first row."""
    story.create_meeting(story.add_person("Ada"), GUEST)
    story.run_until_idle()
    with monkeypatch.context() as patch:
        patch.setattr(OldRows, "page", refuse)
        later(story, 8)
    line = later(story, 1)

    assert [one["detail"] for one in story.log_lines("maintenance.cleanup_failed")] == ["table t is busy"]
    assert line["removed"] == {"counters": 1}


def refuse(*_page: object, **_options: object) -> OldRowPage:
    raise StorageUnavailable("table t is busy")


def test_a_machine_with_a_wrong_clock_deletes_nothing(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the time of the table service counts."""
    story.create_meeting(story.add_person("Ada"), GUEST)
    story.run_until_idle()
    ahead = story.stage.clock.now() + 400 * DAY
    parts = wiring.joinlink().parts
    monkeypatch.setattr(parts.process, "world", World(now=lambda: ahead))
    story.stage.host.run_timer("maintenance")

    assert story.log_lines("maintenance.finished")[-1]["removed"] == {}
    assert states(story) == ["enabled"]
