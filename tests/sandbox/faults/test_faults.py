from pathlib import Path

import httpx
import pytest

from sandbox.faults.at_lean import lean_faults
from sandbox.faults.at_stand_in import stand_in_fault
from sandbox.faults.fault import FaultAction, FaultEffect, Target
from sandbox.faults.habits import ALL_KINDS
from sandbox.faults.kinds import ALL_FAULTS
from sandbox.faults.long_waits import LONG_WAITS
from sandbox.faults.table import table
from tests.sandbox.graph.world import GO_ONLINE, GraphWorld

RELIABILITY = Path(__file__).parents[3] / "docs" / "reliability.md"
AT_GRAPH = [one for one in ALL_FAULTS if one.target is Target.GRAPH and one.action is not FaultAction.KILL]


def test_the_docs_have_the_table() -> None:
    """Each fault and habit is in docs/reliability.md, with the ends that the judge allows."""
    assert table() in RELIABILITY.read_text(encoding="utf-8")


def test_every_fault_and_habit_has_a_name_of_its_own() -> None:
    """Hits are counted by kind."""
    assert len(set(ALL_KINDS)) == len(ALL_KINDS)


def test_the_stand_in_does_to_a_write_what_each_fault_says() -> None:
    """A PATCH has its effect or not, whatever the answer is."""
    with (world := GraphWorld()).app:
        for fault in (one for one in AT_GRAPH if one.method == "PATCH"):
            world.graph.faults.clear()
            booked = world.book(world.ada)
            world.graph.faults.add(stand_in_fault(fault.kind))
            status = _patched(world, booked["id"])

            passes = {FaultAction.DELAY, FaultAction.DRIP, FaultAction.PASS}
            is_done = fault.effect is FaultEffect.AFTER or fault.action in passes
            assert world.read(world.ada, booked["id"])["isOnlineMeeting"] is is_done, fault.kind
            expected = {FaultAction.ANSWER: fault.status, FaultAction.DROP: 0}
            assert status == expected.get(fault.action, 200), fault.kind


def test_a_fault_that_kills_hosts_is_none_of_the_stand_in() -> None:
    """A test that asks for one gets an error."""
    with pytest.raises(ValueError, match="can't do killed before"):
        stand_in_fault("killed before the write")


def test_the_slowest_messages_are_measured_with_faults_that_the_lean_stand_in_can_do() -> None:
    """It refuses the others, instead of ignoring them."""
    done = {what: lean_faults(faults) for what, faults in LONG_WAITS}

    assert done["nothing"] == {}
    assert done["Graph needs 18 s for each call"] == {"read": {"seconds": 18}, "write": {"seconds": 18}}
    assert set(done["tables and queues do not answer"]) == {"table", "queue"}
    with pytest.raises(ValueError, match="can't do write lost after"):
        lean_faults([one for one in ALL_FAULTS if one.kind == "write lost after"])


def _patched(world: GraphWorld, event: str) -> int:
    """Return the status of a PATCH, 0 without an answer."""
    try:
        return world.patch(world.ada, event, GO_ONLINE).status_code
    except httpx.RemoteProtocolError:
        return 0
