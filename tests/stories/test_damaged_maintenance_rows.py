"""Rows of the `maintenance` table are damaged: maintenance continues, and health reports it."""

from datetime import timedelta
from typing import Any

import pytest

from shared.settings import StorageSettings
from shared.storage.maintenance_lease import MAINTENANCE
from shared.storage.removal_hold import RemovalHolds
from shared.storage.tables import Table
from tests.stories.conftest import RunJoinlink, Story
from tests.stories.test_health import health
from tests.stories.test_maintenance import maintain, watched

ODD = [
    pytest.param("hold", {"id": "x", "hash": "h", "number": "many"}, id="a hold with text for a number"),
    pytest.param("hold", {"id": "x", "hash": "h", "is_released": "no"}, id="a hold with text for a truth"),
    pytest.param("last-run", {"finished": "yesterday"}, id="a report with text for a timestamp"),
    pytest.param("last-run", {"mailboxes": "{"}, id="a report with half a JSON text"),
    pytest.param("last-run", {"mailboxes": "[1]"}, id="a report with a list for a mapping"),
    pytest.param("last-run", {"scope": "many"}, id="a report with text for a number"),
    pytest.param("last-run", {"soonest_expiry": "soon"}, id="a report with text for the expiry"),
    pytest.param("last-run", {"doubts": "5"}, id="a report with a number for a list"),
    pytest.param("mark", {"list_begun": "yesterday"}, id="notes with text for a timestamp"),
    pytest.param("lease", {"holder": 5}, id="a lease with a number for a holder"),
    pytest.param("app", {"tenant": 5}, id="settings with a number for a tenant"),
]


def notes(story: Story) -> Table:
    storage = StorageSettings(connection_string=story.stage.settings["AzureWebJobsStorage"])
    return Table.connect(MAINTENANCE, storage, None)


@pytest.mark.parametrize(("row", "values"), ODD)
@pytest.mark.parametrize("is_late", [pytest.param(False, id="whole"), pytest.param(True, id="cut short")])
def test_a_damaged_row_stops_no_run(
    story: Story,
    run_joinlink: RunJoinlink,
    monkeypatch: pytest.MonkeyPatch,
    row: str,
    values: dict[str, Any],
    *,
    is_late: bool,
) -> None:
    """Health and status answer meanwhile, and the next run repairs the row."""
    story.add_person("Ada")
    maintain(story)
    notes(story).merge(MAINTENANCE, row, values)
    status, body = health(story)
    assert (status == 503) == (row == "last-run")
    assert [problem for problem in body["problems"] if "row last-run" not in problem] == []
    assert run_joinlink("status").exit == (status == 503)
    with monkeypatch.context() as patched:
        if is_late:
            patched.setattr("shared.worker.mailboxes.maintenance_run._TIME_LIMIT", timedelta(0))
        maintain(story)

    assert not story.log_lines("maintenance.failed")
    assert health(story)[0] == 200
    maintain(story)
    assert watched(story) == ["Ada"]


def test_a_damaged_hold_is_not_released(story: Story) -> None:
    """The text `no` is not true."""
    table = notes(story)
    table.merge(MAINTENANCE, "hold", {"id": "x", "hash": "h", "number": 12, "is_released": "no"})
    found = RemovalHolds(table).read()

    assert found is not None
    assert (found.is_released, found.number) == (False, 12)


def test_an_unfinished_run_in_the_future_counts_from_now(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine with a wrong clock wrote `unfinished_since`: health would report nothing until then."""
    story.add_person("Ada")
    maintain(story)
    ahead = story.stage.clock.now() + timedelta(days=30)
    monkeypatch.setattr("shared.worker.mailboxes.maintenance_run._TIME_LIMIT", timedelta(0))
    maintain(story)
    notes(story).merge(MAINTENANCE, "last-run", {"unfinished_since": ahead})
    maintain(story)
    story.wait(timedelta(hours=7))
    maintain(story)

    [problem] = health(story)[1]["problems"]
    assert problem.startswith("maintenance has not completed its work for 7 h")
