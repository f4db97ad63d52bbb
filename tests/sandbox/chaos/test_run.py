from dataclasses import replace
from pathlib import Path

from sandbox.chaos.checker import check
from sandbox.chaos.files import read_record
from sandbox.chaos.plan import ChaosPlan, PlannedMeeting, TimedAction
from sandbox.chaos.run import run
from sandbox.faults.fault import UserAction
from sandbox.promises import Violation


def test_an_app_that_loses_its_rows_fails(tmp_path: Path) -> None:
    """Without its rows about writes, the app adds a removed link again; the judge finds that."""
    run(replace(REMOVED, delete_rows_every=20), tmp_path)

    verdict = check(read_record(tmp_path))
    assert [event.violations for event in verdict.events] == [(Violation.RE_ADDED,)]


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
