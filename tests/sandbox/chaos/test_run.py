from dataclasses import replace
from pathlib import Path

from sandbox.azurite import Azurite
from sandbox.chaos.checker import check
from sandbox.chaos.plan import ChaosPlan, PlannedMeeting, TimedAction, UserAction
from sandbox.chaos.random_plan import random_plan
from sandbox.chaos.run import run
from sandbox.promises import Violation


def test_two_hosts_keep_their_promises_under_faults(azurite: Azurite, tmp_path: Path) -> None:
    """Errors after the effect, lost answers, kills, no If-Match: no link is doubled, re-added or lost."""
    verdict = check(run(random_plan(2, meetings=16), azurite, tmp_path))

    assert verdict.others == ()
    broken = [event for event in verdict.events if event.violations]
    assert not broken, "\n".join(
        f"{each.meeting} {each.violations}\n" + "\n".join(each.history) for each in broken
    )


def test_an_app_that_loses_its_rows_fails(azurite: Azurite, tmp_path: Path) -> None:
    """Without its rows about writes, the app adds a removed link again; the checker finds that."""
    verdict = check(run(replace(REMOVED, delete_rows_every=20), azurite, tmp_path))

    assert [event.violations for event in verdict.events] == [(Violation.RE_ADDED,)]


def test_an_app_that_keeps_its_rows_passes(azurite: Azurite, tmp_path: Path) -> None:
    """The same actions without the simulated bug."""
    verdict = check(run(REMOVED, azurite, tmp_path))

    assert (verdict.has_passed, verdict.writes) == (True, 1)


REMOVED = ChaosPlan(
    seed=1,
    people=1,
    clock_skews=(0, 30),
    honors_if_match=False,
    active_seconds=900,
    quiet_seconds=3600,
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
)
