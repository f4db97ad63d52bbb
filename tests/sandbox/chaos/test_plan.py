from pathlib import Path

from sandbox.chaos import plan as plans
from sandbox.chaos.catalogue import AROUND, CROSSED, KILLS, WRITES
from sandbox.chaos.draw import draw
from sandbox.chaos.plan import Deed, End, FaultEffect

ALL = (*WRITES, *CROSSED, *KILLS, *AROUND)


def test_the_same_seed_draws_the_same_plan() -> None:
    """A failure can be played again by its seed alone."""
    assert draw(3, meetings=40) == draw(3, meetings=40)
    assert draw(3, meetings=40) != draw(4, meetings=40)


def test_a_plan_is_data(tmp_path: Path) -> None:
    """What was written can be read, changed by hand and played."""
    plan = draw(3, meetings=40)
    plan.write(tmp_path / "plan.json")

    assert plan == plans.read(tmp_path / "plan.json")


def test_every_kind_of_fault_breaks_out_while_people_are_at_work() -> None:
    """No seed leaves a kind out."""
    plan = draw(3, meetings=40)

    assert {one.kind for one in ALL} == {one.fault.kind for one in plan.outbreaks}
    assert all(0 <= one.begins < plan.busy for one in plan.outbreaks)
    assert set(Deed) == {one.deed for meeting in plan.meetings for one in meeting.happenings}


def test_faults_tell_what_they_allow() -> None:
    """Names are unique; the link is always a good end, and after a read it is the only one."""
    assert len({one.kind for one in ALL}) == len(ALL)
    assert all(End.LINK in one.allows for one in ALL)
    assert {one.allows for one in AROUND if one.path.endswith("events/[^/]+$")} == {(End.LINK,)}


def test_every_odd_answer_to_a_write_comes_before_and_after_the_effect() -> None:
    """A status proves nothing: each is given to writes that were carried out, and to others."""
    before = {one.status for one in WRITES if one.effect is FaultEffect.BEFORE}
    after = {one.status for one in WRITES if one.effect is FaultEffect.AFTER}

    assert before == after == {200, 302, 400, 401, 403, 404, 423, 429, 500, 502, 503}
