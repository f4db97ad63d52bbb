from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from sandbox.chaos.catalogue import KILLS
from sandbox.chaos.judge import Breach, ChaosVerdict, Fate, judge
from sandbox.chaos.plan import (
    ChaosPlan,
    Deed,
    End,
    FaultEffect,
    Happening,
    How,
    Outbreak,
    PlannedFault,
    PlannedMeeting,
    Target,
)
from sandbox.chaos.record import ChaosRecord, Done, Entry, Strike, Write

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EVENT = "the-event-id"
HELD = {"state": "write_unknown"}
LOST = PlannedFault(kind="write lost", target=Target.GRAPH, how=How.DROP, allows=(End.LINK, End.HELD))
REFUSED = PlannedFault(kind="write refused", target=Target.GRAPH, status=400, allows=(End.LINK, End.POISON))
READ = PlannedFault(kind="read lost", target=Target.GRAPH, how=How.DROP)
DIED = next(kill for kill in KILLS if End.UNCOUNTED in kill.allows)
KILLED = PlannedFault(
    kind="killed", target=Target.QUEUE, how=How.KILL, effect=FaultEffect.AFTER, allows=(End.LINK, End.HELD)
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


def done(seconds: int, deed: Deed, *, online: bool = False) -> Done:
    return Done(at=at(seconds), meeting="m", deed=deed, was_online=online)


def write(seconds: int, status: int = 200, host: int = 0) -> Write:
    return Write(at=at(seconds), host=host, meeting="m", status=status)


def struck(seconds: int, fault: PlannedFault, meeting: str = "m", host: int = 0) -> Strike:
    return Strike(at=at(seconds), host=host, kind=fault.kind, call="graph PATCH /", meeting=meeting)


CREATED = done(0, Deed.CREATE)
REMOVED = done(60, Deed.REMOVE_LINK, online=True)
EDITED = done(90, Deed.EDIT)


def played(*entries: Entry, online: bool, wanted: bool = True, **more: Any) -> ChaosRecord:
    """Return a record of one event that lived through this."""
    plan = ChaosPlan(
        seed=1,
        people=1,
        skews=(0, 0),
        honors_if_match=False,
        busy=60,
        quiet=60,
        stale_for=10,
        meetings=(
            PlannedMeeting(name="m", owner=0, wanted=wanted, happenings=(Happening(at=0, deed=Deed.CREATE),)),
        ),
        outbreaks=tuple(
            Outbreak(fault=fault, begins=0, lasts=60, share=1.0)
            for fault in (LOST, REFUSED, READ, KILLED, DIED)
        ),
    )
    writes = sum(isinstance(entry, Write) and entry.took_effect for entry in entries)
    facts: dict[str, Any] = {"carried_out": {"m": writes}, "lines": (ENABLED,), **more}
    return ChaosRecord(
        plan=plan, entries=(CREATED, *entries), ids={"m": EVENT}, online={"m": online}, **facts
    )


def row(**values: str) -> Mapping[str, Mapping[str, str]]:
    return {sha256(EVENT.encode()).hexdigest(): values}


def said(verdict: ChaosVerdict) -> tuple[Fate, tuple[Breach, ...]]:
    (event,) = verdict.events
    return event.fate, event.breaches


@pytest.mark.parametrize(
    ("fate", "breaches", "record"),
    [
        pytest.param(Fate.LINK, (), played(write(20), online=True), id="one write"),
        pytest.param(Fate.LINK, (), played(write(20, 412), write(21), online=True), id="a refused write is none"),
        pytest.param(Fate.LINK, (), played(struck(20, LOST), write(20), online=True), id="a lost answer, one write"),
        pytest.param(Fate.NO_LINK, (), played(write(20), REMOVED, EDITED, online=False), id="removed, and left alone"),
        pytest.param(Fate.NO_LINK, (), played(done(5, Deed.CANCEL), online=False), id="cancelled before the write"),
        pytest.param(Fate.NO_LINK, (), played(online=False, wanted=False), id="never wanted"),
        pytest.param(Fate.LINK, (Breach.DOUBLED,), played(write(20), write(20, host=1), online=True), id="two hosts, two writes"),
        pytest.param(Fate.LINK, (Breach.RE_ADDED,), played(write(20), REMOVED, write(99), online=True), id="written after a removal"),
        pytest.param(Fate.NO_LINK, (Breach.RE_ADDED,), played(write(20), REMOVED, write(99), REMOVED, online=False), id="re-added, and removed again"),
        pytest.param(Fate.LINK, (Breach.UNWANTED,), played(write(20), online=True, wanted=False), id="written unasked"),
        pytest.param(Fate.NO_LINK, (Breach.LOST,), played(EDITED, online=False), id="wanted, and not there"),
        pytest.param(Fate.NO_LINK, (Breach.LOST,), played(done(60, Deed.REMOVE_LINK), online=False), id="nothing was there to remove"),
        pytest.param(Fate.HELD, (), played(struck(20, LOST), EDITED, online=False, rows=row(**HELD)), id="held, with evidence"),
        pytest.param(Fate.HELD, (Breach.HELD_WITHOUT_CAUSE,), played(EDITED, online=False, rows=row(**HELD)), id="held, and nothing happened"),
        pytest.param(Fate.HELD, (Breach.HELD_WITHOUT_CAUSE,), played(struck(20, LOST), online=False, rows=row(**HELD)), id="held, and nothing changed"),
        pytest.param(Fate.HELD, (), played(EDITED, struck(95, LOST), online=False, rows=row(**HELD)), id="held, for the read may have been stale"),
        pytest.param(Fate.HELD, (Breach.HELD_WITHOUT_CAUSE,), played(struck(20, READ), EDITED, online=False, rows=row(**HELD)), id="held for a read"),
        pytest.param(Fate.HELD, (), played(write(20), struck(40, KILLED, ""), REMOVED, online=False, rows=row(**HELD)), id="its writer was killed"),
        pytest.param(Fate.HELD, (Breach.HELD_WITHOUT_CAUSE,), played(write(20, 500), struck(40, KILLED, "", host=1), EDITED, online=False, rows=row(**HELD)), id="another host was killed"),
        pytest.param(Fate.POISON, (), played(struck(20, REFUSED), online=False, poison=(EVENT,)), id="refused for good"),
        pytest.param(Fate.POISON, (Breach.LOST,), played(struck(20, READ), online=False, poison=(EVENT,)), id="poisoned for a read"),
    ],
)  # fmt: skip
def test_every_life_has_its_verdict(fate: Fate, breaches: tuple[Breach, ...], record: ChaosRecord) -> None:
    """What the law allows is named, and what breaks it is found."""
    assert said(judge(record)) == (fate, breaches)


@pytest.mark.parametrize(
    ("breach", "facts"),
    [
        pytest.param(Breach.POISONED, {"poison": (EVENT,)}, id="a message that could have passed"),
        pytest.param(Breach.POISONED, {"poison": ("no base64",)}, id="a message about nothing known"),
        pytest.param(Breach.UNFINISHED, {"waiting": {"event-changes": 1}}, id="a message without end"),
        pytest.param(Breach.STUCK, {"stuck": ("host 0",)}, id="a host without end"),
        pytest.param(Breach.RECORD, {"carried_out": {"m": 2}}, id="Graph saw more writes than the gate"),
    ],
)
def test_what_no_event_is_to_blame_for_breaks_the_law_too(breach: Breach, facts: dict[str, Any]) -> None:
    """All ended well with the event, and yet the play did not."""
    verdict = judge(played(write(20), online=True, **facts))

    assert [found for found, _text in verdict.others] == [breach]
    assert not verdict.is_kept


@pytest.mark.parametrize(("lines", "breaches"), [(0, ()), (1, ()), (2, (Breach.MISCOUNTED,))])
def test_a_write_whose_process_died_before_its_line_may_have_none(
    lines: int, breaches: tuple[Breach, ...]
) -> None:
    """The row says that it was done; nothing can make row and line one step. Two lines are never allowed."""
    story = played(write(20), struck(21, DIED), online=True, lines=(ENABLED,) * lines)

    assert said(judge(story)) == (Fate.LINK, breaches)


@pytest.mark.parametrize(
    ("lines", "breaches"), [(0, (Breach.MISCOUNTED,)), (1, ()), (2, (Breach.MISCOUNTED,))]
)
def test_every_write_has_one_line(lines: int, breaches: tuple[Breach, ...]) -> None:
    """A write that no `enabled` line counts, or more than one, is found."""
    assert said(judge(played(write(20), online=True, lines=(ENABLED,) * lines))) == (Fate.LINK, breaches)
