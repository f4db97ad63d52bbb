from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from sandbox.chaos.checker import ChaosVerdict, FinalState, check
from sandbox.chaos.fault_kinds import HOST_KILLS
from sandbox.chaos.plan import (
    AllowedEnd,
    ChaosPlan,
    FaultAction,
    FaultEffect,
    FaultWindow,
    PlannedFault,
    PlannedMeeting,
    Target,
    TimedAction,
    UserAction,
)
from sandbox.chaos.record import ActionDone, ChaosRecord, Entry, FaultHit, WriteSent
from sandbox.promises import Violation

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EVENT = "the-event-id"
HELD = {"state": "write_unknown"}
LOST = PlannedFault(
    kind="write lost", target=Target.GRAPH, action=FaultAction.DROP, allows=(AllowedEnd.LINK, AllowedEnd.HELD)
)
REFUSED = PlannedFault(
    kind="write refused", target=Target.GRAPH, status=400, allows=(AllowedEnd.LINK, AllowedEnd.POISON)
)
READ = PlannedFault(kind="read lost", target=Target.GRAPH, action=FaultAction.DROP)
DIED = next(kill for kill in HOST_KILLS if AllowedEnd.UNCOUNTED in kill.allows)
KILLED = PlannedFault(
    kind="killed",
    target=Target.QUEUE,
    action=FaultAction.KILL,
    effect=FaultEffect.AFTER,
    allows=(AllowedEnd.LINK, AllowedEnd.HELD),
)


ENABLED = {
    "event": "event.decided",
    "outcome": "enabled",
    "reason": "link_added",
    "event_id": EVENT,
    "host": 0,
    "at": "",
}


def at(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def acted(seconds: int, action: UserAction, *, online: bool = False) -> ActionDone:
    return ActionDone(at=at(seconds), meeting="m", action=action, was_online=online)


def written(seconds: int, status: int = 200, host: int = 0) -> WriteSent:
    return WriteSent(at=at(seconds), host=host, meeting="m", status=status)


def hit(seconds: int, fault: PlannedFault, meeting: str = "m", host: int = 0) -> FaultHit:
    return FaultHit(at=at(seconds), host=host, kind=fault.kind, call="graph PATCH /", meeting=meeting)


CREATED = acted(0, UserAction.CREATE)
REMOVED = acted(60, UserAction.REMOVE_LINK, online=True)
EDITED = acted(90, UserAction.EDIT)


def record_of(*entries: Entry, online: bool, wants_link: bool = True, **more: Any) -> ChaosRecord:
    """Return a record of one event with these entries."""
    plan = ChaosPlan(
        seed=1,
        people=1,
        clock_skews=(0, 0),
        honors_if_match=False,
        active_seconds=60,
        quiet_seconds=60,
        stale_for=10,
        meetings=(
            PlannedMeeting(
                name="m",
                owner=0,
                wants_link=wants_link,
                actions=(TimedAction(at=0, action=UserAction.CREATE),),
            ),
        ),
        fault_windows=tuple(
            FaultWindow(fault=fault, start=0, duration=60, probability=1.0)
            for fault in (LOST, REFUSED, READ, KILLED, DIED)
        ),
    )
    writes = sum(isinstance(entry, WriteSent) and entry.took_effect for entry in entries)
    facts: dict[str, Any] = {"writes_at_graph": {"m": writes}, "lines": (ENABLED,), **more}
    return ChaosRecord(
        plan=plan, entries=(CREATED, *entries), ids={"m": EVENT}, online={"m": online}, **facts
    )


def row(**values: str) -> Mapping[str, Mapping[str, str]]:
    return {sha256(EVENT.encode()).hexdigest(): values}


def result(verdict: ChaosVerdict) -> tuple[FinalState, tuple[Violation, ...]]:
    (event,) = verdict.events
    return event.state, event.violations


@pytest.mark.parametrize(
    ("state", "violations", "record"),
    [
        pytest.param(FinalState.LINK, (), record_of(written(20), online=True), id="one write"),
        pytest.param(FinalState.LINK, (), record_of(written(20, 412), written(21), online=True), id="a refused write does not count"),
        pytest.param(FinalState.LINK, (), record_of(hit(20, LOST), written(20), online=True), id="a lost answer, one write"),
        pytest.param(FinalState.NO_LINK, (), record_of(written(20), REMOVED, EDITED, online=False), id="removed, and not written again"),
        pytest.param(FinalState.NO_LINK, (), record_of(acted(5, UserAction.CANCEL), online=False), id="cancelled before the write"),
        pytest.param(FinalState.NO_LINK, (), record_of(online=False, wants_link=False), id="never wanted"),
        pytest.param(FinalState.LINK, (Violation.DOUBLED,), record_of(written(20), written(20, host=1), online=True), id="two hosts, two writes"),
        pytest.param(FinalState.LINK, (Violation.RE_ADDED,), record_of(written(20), REMOVED, written(99), online=True), id="written after a removal"),
        pytest.param(FinalState.NO_LINK, (Violation.RE_ADDED,), record_of(written(20), REMOVED, written(99), REMOVED, online=False), id="re-added, and removed again"),
        pytest.param(FinalState.LINK, (Violation.UNWANTED,), record_of(written(20), online=True, wants_link=False), id="written without need"),
        pytest.param(FinalState.NO_LINK, (Violation.LOST,), record_of(EDITED, online=False), id="wanted, but not there"),
        pytest.param(FinalState.NO_LINK, (Violation.LOST,), record_of(acted(60, UserAction.REMOVE_LINK), online=False), id="there was no link to remove"),
        pytest.param(FinalState.HELD, (), record_of(hit(20, LOST), EDITED, online=False, rows=row(**HELD)), id="held after a fault and a change"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE,), record_of(EDITED, online=False, rows=row(**HELD)), id="held without a fault"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE,), record_of(hit(20, LOST), online=False, rows=row(**HELD)), id="held without a change"),
        pytest.param(FinalState.HELD, (), record_of(EDITED, hit(95, LOST), online=False, rows=row(**HELD)), id="held, since the read may have been stale"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE,), record_of(hit(20, READ), EDITED, online=False, rows=row(**HELD)), id="held for a read"),
        pytest.param(FinalState.HELD, (), record_of(written(20), hit(40, KILLED, ""), REMOVED, online=False, rows=row(**HELD)), id="its writer was killed"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE,), record_of(written(20, 500), hit(40, KILLED, "", host=1), EDITED, online=False, rows=row(**HELD)), id="another host was killed"),
        pytest.param(FinalState.POISON, (), record_of(hit(20, REFUSED), online=False, poison=(EVENT,)), id="refused permanently"),
        pytest.param(FinalState.POISON, (Violation.LOST,), record_of(hit(20, READ), online=False, poison=(EVENT,)), id="poisoned for a read"),
    ],
)  # fmt: skip
def test_each_history_has_its_result(
    state: FinalState, violations: tuple[Violation, ...], record: ChaosRecord
) -> None:
    """The final state and each broken promise are found."""
    assert result(check(record)) == (state, violations)


@pytest.mark.parametrize(
    ("violation", "facts"),
    [
        pytest.param(Violation.POISONED, {"poison": (EVENT,)}, id="a message that could be handled"),
        pytest.param(Violation.POISONED, {"poison": ("no base64",)}, id="a message about no known event"),
        pytest.param(Violation.UNFINISHED, {"waiting": {"event-changes": 1}}, id="a message is left"),
        pytest.param(Violation.STUCK, {"stuck": ("host 0",)}, id="a host is stuck"),
        pytest.param(
            Violation.RECORD, {"writes_at_graph": {"m": 2}}, id="Graph recorded more writes than the proxy"
        ),
    ],
)
def test_violations_that_are_not_about_one_event_are_found(
    violation: Violation, facts: dict[str, Any]
) -> None:
    """The event is fine, but the run is not."""
    verdict = check(record_of(written(20), online=True, **facts))

    assert [found for found, _text in verdict.others] == [violation]
    assert not verdict.has_passed


@pytest.mark.parametrize(("lines", "violations"), [(0, ()), (1, ()), (2, (Violation.MISCOUNTED,))])
def test_a_write_may_have_no_line_if_the_process_died_before_it(
    lines: int, violations: tuple[Violation, ...]
) -> None:
    """Storing the row and logging the line can't be one step. Two lines are never allowed."""
    record = record_of(written(20), hit(21, DIED), online=True, lines=(ENABLED,) * lines)

    assert result(check(record)) == (FinalState.LINK, violations)


@pytest.mark.parametrize(
    ("lines", "violations"), [(0, (Violation.MISCOUNTED,)), (1, ()), (2, (Violation.MISCOUNTED,))]
)
def test_every_write_has_one_line(lines: int, violations: tuple[Violation, ...]) -> None:
    """A write with no `enabled` line, or with two, is found."""
    assert result(check(record_of(written(20), online=True, lines=(ENABLED,) * lines))) == (
        FinalState.LINK,
        violations,
    )
