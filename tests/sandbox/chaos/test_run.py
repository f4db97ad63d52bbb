from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from azure.storage.queue import QueueClient

from sandbox.azurite import azurite
from sandbox.chaos.checker import check
from sandbox.chaos.files import read_record
from sandbox.chaos.plan import ChaosPlan, PlannedMeeting, TimedAction
from sandbox.chaos.run import run
from sandbox.faults.fault import UserAction
from sandbox.promises import Violation


def test_an_app_that_loses_its_rows_fails(tmp_path: Path) -> None:
    """Without its rows about writes, the app adds a removed link again; the judge finds that.

    A second judge finds the same: the first one hides no message of the poison queue from it.
    """
    run(replace(REMOVED, delete_rows_every=20), tmp_path)

    verdict = check(read_record(tmp_path))
    assert [event.violations for event in verdict.events] == [(Violation.RE_ADDED,)]

    with (
        azurite(tmp_path / "storage") as storage,
        QueueClient.from_connection_string(storage.connection_string, "event-changes-poison") as queue,
    ):
        storage.set_clock(AFTERWARDS)
        queue.create_queue()
        queue.send_message("unreadable")
    assert [read_record(tmp_path).poison for _judge in range(2)] == [("unreadable",)] * 2


AFTERWARDS = datetime(2026, 11, 23, 12, tzinfo=UTC)
REMOVED = ChaosPlan(
    seed=1,
    people=1,
    clock_skews=(0, 30),
    honors_if_match=False,
    active_seconds=900,
    quiet_seconds=1800,
    meetings=(
        PlannedMeeting(
            name="m",
            owner=0,
            wants_link=True,
            actions=(
                TimedAction(at=120, action=UserAction.CREATE),
                TimedAction(at=400, action=UserAction.REMOVE_LINK),
                TimedAction(at=500, action=UserAction.EDIT),
            ),
        ),
    ),
    fault_windows=(),
    kills=(200,),
    storage_crashes=(300,),
)
