import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from sandbox.chaos.checker import ChaosVerdict, FinalState, check
from sandbox.chaos.plan import ChaosPlan, PlannedMeeting, TimedAction
from sandbox.chaos.record import (
    ActionDone,
    ChaosRecord,
    Entry,
    FaultHit,
    FinalEvent,
    GraphRecord,
    HostBegan,
    HostKilled,
    ProcessRecord,
    RowWritten,
    WriteSent,
)
from sandbox.faults.fault import UserAction
from sandbox.promises import Violation

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EVENT = "the-event-id"
HELD = {"state": "write_unknown"}
LOST, REFUSED, READ = "write lost before", "write 400 of Graph before", "read lost"
TABLE, UNCONFIRMED = "table 503", "row 500 after"
RACED = "write 412 without a race"
IGNORED, DIED, KILLED = "write ignored", "killed after a row", "killed after sending"

ENABLED = {
    "event": "event.decided",
    "outcome": "enabled",
    "reason": "link_added",
    "event_id": EVENT,
    "host": 0,
    "at": "",
}


RECEIVED = {"event": "notification.received", "traces": ["1", "2"]}
GAVE_UP = {**ENABLED, "outcome": "skipped", "reason": "gave_up"}
WAITS = {**ENABLED, "outcome": "delayed", "reason": "worker_lost", "trace": "copy", "at": "1"}
SUPERSEDED = {**ENABLED, "outcome": "superseded", "reason": "read_since", "trace": "copy", "at": "2"}
UNSEEN = {**ENABLED, "outcome": "delayed", "reason": "storage_unavailable"}
AGAIN = {**ENABLED, "outcome": "skipped", "reason": "already_online", "at": "1"}
POISON = json.dumps({"v": 1, "reason": "unexpected_answer", "message": json.dumps({"v": 1, "event": EVENT})})


def at(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def acted(seconds: int, action: UserAction, *, online: bool = False) -> ActionDone:
    return ActionDone(at=at(seconds), meeting="m", action=action, was_online=online)


def written(seconds: int, status: int = 200, host: int = 0, *, was_online: bool = False) -> WriteSent:
    return WriteSent(
        at=at(seconds),
        host=host,
        meeting="m",
        status=status,
        was_online=was_online,
        is_online=was_online or status == 200,
    )


def ignored(seconds: int) -> WriteSent:
    return WriteSent(at=at(seconds), host=0, meeting="m", status=200, was_online=False, is_online=False)


def hit(seconds: int, kind: str, meeting: str = "m", host: int = 0) -> FaultHit:
    return FaultHit(at=at(seconds), host=host, kind=kind, call="graph PATCH /", meeting=meeting)


def not_deleted(seconds: int) -> FaultHit:
    return replace(hit(seconds, TABLE), call="table DELETE /")


def row_written(seconds: int) -> RowWritten:
    return RowWritten(at=at(seconds), host=0, meeting="m")


CREATED = acted(0, UserAction.CREATE)
REMOVED = acted(60, UserAction.REMOVE_LINK, online=True)
EDITED = acted(90, UserAction.EDIT)


def record_of(
    *entries: Entry,
    online: bool,
    wants_link: bool = True,
    gone: bool = False,
    cancelled: bool = False,
    **more: Any,
) -> ChaosRecord:
    """Return a record of one event with these entries, and with one line if a write took effect."""
    is_written = any(isinstance(entry, WriteSent) and entry.is_online for entry in entries)
    create = TimedAction(at=0, action=UserAction.CREATE)
    plan = ChaosPlan(
        seed=1,
        people=1,
        clock_skews=(0, 0),
        honors_if_match=False,
        active_seconds=60,
        quiet_seconds=60,
        stale_for=10,
        meetings=(PlannedMeeting(name="m", owner=0, wants_link=wants_link, actions=(create,)),),
        fault_windows=(),
    )
    final = FinalEvent(is_online=online, is_gone=gone, is_cancelled=cancelled)
    graph = GraphRecord(entries=(), ids={"m": EVENT}, final={"m": final})
    return ChaosRecord(
        plan=plan, graph=graph, entries=(CREATED, *entries), **{"lines": (ENABLED,) * is_written, **more}
    )


def row(**values: object) -> Mapping[str, Mapping[str, object]]:
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
        pytest.param(FinalState.NO_LINK, (), record_of(acted(5, UserAction.CANCEL), online=False, cancelled=True), id="cancelled before the write"),
        pytest.param(FinalState.NO_LINK, (), record_of(acted(5, UserAction.DELETE), online=False, gone=True), id="deleted before the write"),
        pytest.param(FinalState.NO_LINK, (), record_of(online=False, wants_link=False, lines=()), id="never wanted"),
        pytest.param(FinalState.NO_LINK, (Violation.LOST,), record_of(acted(5, UserAction.INVITE), online=False, wants_link=False, lines=()), id="wanted since somebody was invited"),
        pytest.param(FinalState.LINK, (), record_of(acted(5, UserAction.INVITE), written(20), online=True, wants_link=False), id="written since somebody was invited"),
        pytest.param(FinalState.NO_LINK, (Violation.MISCOUNTED,), record_of(written(20), REMOVED, EDITED, online=False, lines=(ENABLED, ENABLED)), id="removed, and it has two lines"),
        pytest.param(FinalState.NO_LINK, (Violation.MISCOUNTED,), record_of(online=False, wants_link=False, lines=(ENABLED,)), id="a line without a write"),
        pytest.param(FinalState.LINK, (Violation.DOUBLED,), record_of(written(20), written(20, host=1, was_online=True), online=True), id="two hosts, two writes"),
        pytest.param(FinalState.LINK, (Violation.RE_ADDED,), record_of(written(20), REMOVED, written(99), online=True), id="written after a removal"),
        pytest.param(FinalState.NO_LINK, (Violation.RE_ADDED,), record_of(written(20), REMOVED, written(99), REMOVED, online=False), id="re-added, and removed again"),
        pytest.param(FinalState.LINK, (Violation.UNWANTED,), record_of(written(20), online=True, wants_link=False), id="written without need"),
        pytest.param(FinalState.NO_LINK, (Violation.LOST,), record_of(EDITED, online=False, lines=()), id="wanted, but not there"),
        pytest.param(FinalState.NO_LINK, (Violation.LOST,), record_of(acted(60, UserAction.REMOVE_LINK), online=False, lines=()), id="there was no link to remove"),
        pytest.param(FinalState.GAVE_UP, (), record_of(hit(20, IGNORED), *map(ignored, (20, 30, 40)), online=False, lines=(GAVE_UP,)), id="not honored three times"),
        pytest.param(FinalState.GAVE_UP, (), record_of(hit(20, IGNORED), *map(ignored, (20, 30, 40)), online=False, lines=(GAVE_UP, WAITS, SUPERSEDED)), id="given up, and a copy of the message waits and is superseded"),
        pytest.param(FinalState.GAVE_UP, (Violation.DROPPED,), record_of(hit(20, IGNORED), *map(ignored, (20, 30, 40)), online=False, lines=(GAVE_UP, WAITS)), id="given up, and a copy of the message waits for ever"),
        pytest.param(FinalState.NO_LINK, (Violation.LOST,), record_of(online=False, lines=(WAITS, SUPERSEDED)), id="superseded by nothing"),
        pytest.param(FinalState.GAVE_UP, (Violation.LOST,), record_of(ignored(20), online=False, lines=(GAVE_UP,)), id="given up too early"),
        pytest.param(FinalState.GAVE_UP, (Violation.TRIED_TOO_OFTEN,), record_of(*map(ignored, (20, 30, 40, 50)), online=False, lines=(GAVE_UP,)), id="not honored four times"),
        pytest.param(FinalState.GAVE_UP, (), record_of(hit(20, IGNORED), ignored(20), hit(20, DIED), *map(ignored, (300, 400, 500)), online=False, lines=(GAVE_UP,)), id="one of four died before it could record that it was not honored"),
        pytest.param(FinalState.GAVE_UP, (Violation.TRIED_TOO_OFTEN,), record_of(ignored(20), hit(20, DIED), *map(ignored, (300, 400, 500)), online=False, lines=(GAVE_UP,)), id="the same, but the event had another version"),
        pytest.param(FinalState.HELD, (), record_of(hit(20, LOST), EDITED, online=False, rows=row(**HELD)), id="held after a fault and a change"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE, Violation.LOST), record_of(EDITED, online=False, rows=row(**HELD)), id="held without a fault"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE, Violation.LOST), record_of(hit(20, LOST), online=False, rows=row(**HELD)), id="held without a change"),
        pytest.param(FinalState.HELD, (), record_of(ignored(19), hit(20, LOST), ignored(20), online=False, rows=row(**HELD)), id="held after a fault, and the PATCH made another version"),
        pytest.param(FinalState.HELD, (), record_of(hit(20, LOST), EDITED, online=False, rows=row(**HELD, at=at(40))), id="held after a change, by a host whose clock is slow"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE, Violation.LOST), record_of(hit(20, LOST), EDITED, online=False, rows=row(**HELD, at=at(25))), id="held before the change"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE, Violation.LOST), record_of(EDITED, hit(95, LOST), online=False, rows=row(**HELD, at=at(30))), id="held before the fault"),
        pytest.param(FinalState.HELD, (), record_of(EDITED, hit(95, LOST), online=False, rows=row(**HELD)), id="held, since the read may have been stale"),
        pytest.param(FinalState.HELD, (), record_of(EDITED, hit(159, LOST), online=False, rows=row(**HELD)), id="held, since the read was stale and the write came a minute later"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE, Violation.LOST), record_of(EDITED, hit(161, LOST), online=False, rows=row(**HELD)), id="held for a change before the read"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE, Violation.LOST), record_of(hit(20, READ), EDITED, online=False, rows=row(**HELD)), id="held for a read"),
        pytest.param(FinalState.HELD, (), record_of(row_written(20), hit(40, KILLED, ""), EDITED, online=False, rows=row(**HELD)), id="its writer was killed by a fault"),
        pytest.param(FinalState.HELD, (), record_of(row_written(20), HostKilled(at=at(40), host=0), EDITED, online=False, rows=row(**HELD)), id="its writer was killed"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE, Violation.LOST), record_of(row_written(20), HostKilled(at=at(40), host=1), EDITED, online=False, rows=row(**HELD)), id="another host was killed"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE, Violation.LOST), record_of(row_written(20), HostKilled(at=at(400), host=0), acted(500, UserAction.EDIT), online=False, rows=row(**HELD)), id="its writer was killed much later"),
        pytest.param(FinalState.HELD, (), record_of(hit(20, KILLED, ""), row_written(21), EDITED, online=False, rows=row(**HELD)), id="its row arrived just after its writer was killed"),
        pytest.param(FinalState.HELD, (), record_of(HostKilled(at=at(20), host=0), row_written(21), EDITED, online=False, rows=row(**HELD)), id="the same, and it was killed from outside"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE, Violation.LOST), record_of(HostKilled(at=at(20), host=1), row_written(21), EDITED, online=False, rows=row(**HELD)), id="another host was killed just before"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE, Violation.LOST), record_of(HostKilled(at=at(20), host=0), row_written(30), EDITED, online=False, rows=row(**HELD), processes=ProcessRecord(starts=(HostBegan(at=at(25), host=0),))), id="its writer was started after a kill"),
        pytest.param(FinalState.HELD, (), record_of(HostKilled(at=at(20), host=0), row_written(81), EDITED, online=False, rows=row(**HELD), processes=ProcessRecord(starts=(HostBegan(at=at(10), host=0), HostBegan(at=at(25), host=1), HostBegan(at=at(82), host=0)))), id="its row arrived after a step of the clock"),
        pytest.param(FinalState.HELD, (), record_of(row_written(20), EDITED, online=False, rows=row(**HELD), processes=ProcessRecord(storage_crashes=(at(21),))), id="storage went down after its row"),
        pytest.param(FinalState.HELD, (), record_of(ignored(20), row_written(21), EDITED, row_written(95), online=False, rows=row(**HELD)), id="changed before it was seen that a success brought no link"),
        pytest.param(FinalState.HELD, (), record_of(ignored(20), hit(21, TABLE), row_written(95), online=False, rows=row(**HELD)), id="a success without a link that was not recorded"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE, Violation.LOST), record_of(ignored(20), online=False, rows=row(**HELD)), id="a success without a link"),
        pytest.param(FinalState.HELD, (), record_of(row_written(20), hit(21, RACED), not_deleted(22), EDITED, online=False, rows=row(**HELD)), id="the row of an attempt without effect could not be deleted"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE, Violation.LOST), record_of(row_written(20), hit(21, RACED), hit(22, TABLE), EDITED, online=False, rows=row(**HELD)), id="another call to a table failed after an attempt without effect"),
        pytest.param(FinalState.NO_LINK, (), record_of(written(20), hit(21, TABLE), REMOVED, online=False, rows=row(**HELD)), id="a success that was not recorded, and the link was removed"),
        pytest.param(FinalState.NO_LINK, (Violation.HELD_WITHOUT_CAUSE,), record_of(written(20), REMOVED, online=False, rows=row(**HELD)), id="a success that was recorded, and the link was removed"),
        pytest.param(FinalState.HELD, (Violation.HELD_WITHOUT_CAUSE, Violation.LOST), record_of(ignored(20), row_written(21), row_written(85), EDITED, online=False, rows=row(**HELD)), id="changed after it was seen that a success brought no link"),
        pytest.param(FinalState.POISON, (), record_of(hit(20, REFUSED), online=False, poison=(POISON,)), id="refused permanently"),
        pytest.param(FinalState.POISON, (Violation.LOST,), record_of(hit(20, READ), online=False, poison=(POISON,)), id="poisoned for a read"),
    ],
)  # fmt: skip
def test_each_history_has_its_result(
    state: FinalState, violations: tuple[Violation, ...], record: ChaosRecord
) -> None:
    """The final state and each broken promise are found."""
    assert result(check(record)) == (state, violations)


def test_a_message_that_is_put_back_must_come_again() -> None:
    """The event has its link, but a message about it left none behind; messages have traces of their own."""
    again = {**ENABLED, "outcome": "delayed", "reason": "graph_unavailable"}
    first, second = {**again, "trace": "a", "at": "1"}, {**ENABLED, "trace": "a", "at": "2"}

    dropped = check(record_of(written(20), online=True, lines=(first, {**ENABLED, "trace": "b", "at": "2"})))
    assert result(dropped) == (FinalState.LINK, (Violation.DROPPED,))
    assert check(record_of(written(20), online=True, lines=(second, first))).has_passed


@pytest.mark.parametrize(
    ("violation", "facts"),
    [
        pytest.param(Violation.POISONED, {"poison": (POISON,)}, id="a message that could be handled"),
        pytest.param(Violation.POISONED, {"poison": ("no base64",)}, id="a message about no known event"),
        pytest.param(Violation.UNFINISHED, {"waiting": {"event-changes": 1}}, id="a message is left"),
        pytest.param(
            Violation.DROPPED, {"lines": (RECEIVED, {**ENABLED, "trace": "1"})}, id="a message without a line"
        ),
        pytest.param(Violation.STUCK, {"processes": ProcessRecord(stuck=("host 0",))}, id="a host is stuck"),
        pytest.param(
            Violation.POISONED, {"poison": ('{"reason": "worker_lost"}',)}, id="no process was lost"
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


@pytest.mark.parametrize(("changes", "has_passed"), [(999, True), (1000, False), (10_000, False)])
def test_a_long_run_without_faults_proves_nothing(changes: int, *, has_passed: bool) -> None:
    """It fails, and names the kinds that hit no call."""
    record = record_of(written(20), online=True)
    (meeting,) = record.plan.meetings
    many = replace(record.plan, meetings=(replace(meeting, actions=meeting.actions * changes),))
    verdict = check(replace(record, plan=many))

    assert verdict.has_passed is has_passed
    assert bool(verdict.never_hit) is not has_passed


@pytest.mark.parametrize("fault", [DIED, UNCONFIRMED])
@pytest.mark.parametrize(("lines", "violations"), [(0, ()), (1, ()), (2, (Violation.MISCOUNTED,))])
def test_a_write_may_have_no_line_if_its_row_was_not_confirmed(
    lines: int, violations: tuple[Violation, ...], fault: str
) -> None:
    """Storing the row and logging the line can't be one step. Two lines are never allowed."""
    record = record_of(written(20), hit(21, fault), online=True, lines=(UNSEEN, *(ENABLED,) * lines, AGAIN))

    assert result(check(record)) == (FinalState.LINK, violations)


def test_a_row_that_is_not_confirmed_may_be_written_long_after_the_write() -> None:
    """The answer to the write was lost, and later a read showed the link. But a row that is shown is no excuse."""
    late = (written(20), hit(400, UNCONFIRMED))
    assert check(record_of(*late, online=True, lines=(UNSEEN, AGAIN))).has_passed
    assert result(check(record_of(*late, online=True, lines=(AGAIN,)))) == (
        FinalState.LINK,
        (Violation.MISCOUNTED,),
    )


@pytest.mark.parametrize(
    ("lines", "violations"), [(0, (Violation.MISCOUNTED,)), (1, ()), (2, (Violation.MISCOUNTED,))]
)
def test_every_write_has_one_line(lines: int, violations: tuple[Violation, ...]) -> None:
    """A write with no `enabled` line, or with two, is found; a row that was in doubt before is no excuse."""
    record = record_of(hit(19, UNCONFIRMED), written(20), online=True, lines=(ENABLED,) * lines)

    assert result(check(record)) == (FinalState.LINK, violations)
