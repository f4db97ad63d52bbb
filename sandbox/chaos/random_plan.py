"""Draws a plan from a seed: the same seed gives the same plan."""

import random
from collections.abc import Iterator

from sandbox.chaos.fault_kinds import HOST_KILLS, OTHER_FAULTS, WRITE_FAULTS, WRITE_FAULTS_THEN_CHANGE
from sandbox.chaos.plan import ChaosPlan, FaultWindow, PlannedMeeting, TimedAction, UserAction

_MINUTE = 60
_SECONDS_PER_MEETING = 7
_SHORTEST = 5 * _MINUTE
#: The subscriptions are created in the first minutes.
_FIRST_MEETING = 10 * _MINUTE
#: longer than the day for which a message is retried
_QUIET = 30 * 3600
_STALE_SECONDS = 25
#: short, since every client waits in real time before it gives up
_OUTAGE = 45


def random_plan(
    seed: int, *, meetings: int, people: int = 6, hosts: int = 2, honors_if_match: bool = False
) -> ChaosPlan:
    """Return a plan with this number of meetings."""
    chance = random.Random(seed)  # noqa: S311 -- repeatable chance, no secrets
    spread = max(_SHORTEST, meetings * _SECONDS_PER_MEETING)
    active = spread + 70 * _MINUTE
    return ChaosPlan(
        seed=seed,
        people=people,
        clock_skews=(0, *(chance.randint(-50, 50) for _ in range(hosts - 1))),
        honors_if_match=honors_if_match,
        stale_for=_STALE_SECONDS,
        active_seconds=active,
        quiet_seconds=_QUIET,
        meetings=tuple(_meeting(n, chance, people, spread) for n in range(meetings)),
        fault_windows=tuple(_fault_windows(chance, active, spread)),
    )


def _meeting(number: int, chance: random.Random, people: int, spread: int) -> PlannedMeeting:
    created = _FIRST_MEETING + chance.randrange(spread)
    return PlannedMeeting(
        name=f"m{number}",
        owner=chance.randrange(people),
        wants_link=chance.random() < 0.85,  # noqa: PLR2004 -- a share
        actions=(TimedAction(at=created, action=UserAction.CREATE), *_later_actions(chance, created)),
    )


def _later_actions(chance: random.Random, created: int) -> Iterator[TimedAction]:
    """Yield what people do after the creation; each edit makes the app read the event again."""
    at = created
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2))):
        at += chance.randint(10, 5 * _MINUTE)
        yield TimedAction(at=at, action=chance.choice((UserAction.EDIT, UserAction.DRIFT)))
    match chance.choices(("stay", "remove", "cancel"), (62, 33, 5))[0]:
        case "remove":
            at += chance.randint(30, 25 * _MINUTE)
            yield TimedAction(at=at, action=UserAction.REMOVE_LINK)
            for _ in range(chance.randint(1, 3)):
                at += chance.randint(_MINUTE, 7 * _MINUTE)
                yield TimedAction(at=at, action=UserAction.EDIT)
        case "cancel":
            yield TimedAction(at=at + chance.randint(30, 30 * _MINUTE), action=UserAction.CANCEL)


def _fault_windows(chance: random.Random, active: int, spread: int) -> Iterator[FaultWindow]:
    """Yield at least two windows for each kind of fault.

    Faults of writes hit only some calls of each window, since an event has only one write. Other faults may
    be an outage.
    """
    until = spread + _FIRST_MEETING
    for fault in WRITE_FAULTS:
        for _ in range(2):
            start, share = chance.randrange(until), chance.choice((0.1, 0.2))
            yield FaultWindow(fault=fault, start=start, duration=spread // 6, probability=share)
    for fault in WRITE_FAULTS_THEN_CHANGE:
        for _ in range(3):
            start = chance.randrange(until)
            yield FaultWindow(fault=fault, start=start, duration=spread // 6, probability=0.3, limit=3)
    for fault in HOST_KILLS:
        for _ in range(2):
            start = chance.randrange(active)
            yield FaultWindow(fault=fault, start=start, duration=active // 3, probability=0.05, limit=1)
    for fault in OTHER_FAULTS:
        start = chance.randrange(active)
        yield FaultWindow(fault=fault, start=start, duration=active // 4, probability=0.04)
        yield FaultWindow(fault=fault, start=chance.randrange(active), duration=_OUTAGE, probability=0.9)
