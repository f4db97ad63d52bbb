from pathlib import Path

from sandbox.chaos.plan import read_plan
from sandbox.chaos.random_plan import random_plan
from sandbox.faults.fault import AllowedEnd, FaultEffect, UserAction
from sandbox.faults.kinds import ALL_FAULTS, OTHER_FAULTS, WRITE_FAULTS


def test_the_same_seed_gives_the_same_plan() -> None:
    """A failure can be repeated with its seed."""
    assert random_plan(3, changes=90) == random_plan(3, changes=90)
    assert random_plan(3, changes=90) != random_plan(4, changes=90)


def test_a_plan_can_be_written_and_read(tmp_path: Path) -> None:
    """A plan can be written, changed by hand, and read."""
    plan = random_plan(3, changes=90)
    plan.write(tmp_path / "plan.json")

    assert plan == read_plan(tmp_path / "plan.json")


def test_every_kind_of_fault_is_in_a_plan() -> None:
    """Each kind is active while people act, people do everything they can, and all processes are killed."""
    plan = random_plan(3, changes=400)

    assert {one.kind for one in ALL_FAULTS} == {one.fault.kind for one in plan.fault_windows}
    assert all(0 <= one.start < plan.active_seconds for one in plan.fault_windows)
    assert set(UserAction) == {one.action for meeting in plan.meetings for one in meeting.actions}
    assert min(map(len, (plan.kills, plan.stops, plan.storage_crashes))) > 0
    assert plan.changes == 400


def test_faults_say_which_final_states_they_allow() -> None:
    """Kinds are unique. A link is always allowed, and after a failed read nothing else is."""
    assert len({one.kind for one in ALL_FAULTS}) == len(ALL_FAULTS)
    assert all(AllowedEnd.LINK in one.allows for one in ALL_FAULTS)
    assert {one.allows for one in OTHER_FAULTS if one.path.endswith("events/[^/]+$")} == {(AllowedEnd.LINK,)}


def test_every_wrong_answer_comes_to_writes_with_and_without_effect() -> None:
    """A status does not prove whether a write took effect."""
    before = {one.status for one in WRITE_FAULTS if one.effect is FaultEffect.BEFORE}
    after = {one.status for one in WRITE_FAULTS if one.effect is FaultEffect.AFTER}

    assert after == {200, 302, 400, 401, 403, 404, 423, 429, 500, 502, 503}
    assert after <= before
