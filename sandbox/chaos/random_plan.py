"""Draws a plan from a seed: the same seed gives the same plan."""

import random
from collections.abc import Iterator
from itertools import accumulate, takewhile
from operator import add

from sandbox.chaos.plan import ChaosPlan, PlannedMeeting, TimedAction
from sandbox.faults.fault import FaultWindow, PlannedFault, Target, UserAction
from sandbox.faults.kinds import HOST_KILLS, OTHER_FAULTS, READ, WRITE_FAULTS, WRITE_FAULTS_THEN_CHANGE

_MINUTE = 60
_SECONDS_PER_CHANGE = 1
_SHORTEST = 5 * _MINUTE
#: The subscriptions are created in the first minutes.
_FIRST_MEETING = 10 * _MINUTE
#: People change what they have created.
_TAIL = 40 * _MINUTE
#: longer than the day for which a message is retried
_QUIET = 26 * 3600
_STALE_SECONDS = 25
#: short, since every client waits in real time before it gives up
_OUTAGE, _MOST_OF_AN_OUTAGE = 25, 8
#: until Graph drops notifications, since answers are slow
_SLOW, _SLOW_SHARE = 5 * _MINUTE, 0.5
#: mean times between kills of a host and of the storage account
_KILL_EVERY, _STOP_EVERY, _CRASH_EVERY = 3 * _MINUTE, 12 * _MINUTE, 20 * _MINUTE
_OTHER_ACTIONS = (UserAction.EDIT, UserAction.EDIT, UserAction.DRIFT, UserAction.DRIFT, UserAction.MOVE)
_SECONDS_PER_VANISHING, _SECONDS_PER_KILL = 500, 2000
#: of the calls of sweeps, maintenance and tokens, which are few
_RARE_SHARE, _TOKEN_SHARE = 0.15, 0.05
#: of the calls of maintenance, one every quarter of an hour
_RAREST, _RAREST_SHARE = "users 503", 0.4
#: Before that only calls about mailboxes fail: without the first maintenance no mailbox is watched for long.
_OPENING = 2 * _MINUTE
_OF_MAILBOXES = {"/subscriptions", "/subscriptions$", "/mailboxSettings", "/calendarView"}
_WITHOUT_LINK, _LATE = 7, 13
_PEOPLE_OF_EACH_KIND = 20


def random_plan(
    seed: int, *, changes: int, people: int = 6, hosts: int = 2, honors_if_match: bool = False
) -> ChaosPlan:
    """Return a plan with this number of changes by people."""
    chance = random.Random(seed)  # noqa: S311 -- repeatable chance, no secrets
    spread = max(_SHORTEST, changes * _SECONDS_PER_CHANGE)
    active = spread + _TAIL
    return ChaosPlan(
        seed=seed,
        people=people,
        late_join_urls=tuple(range(_LATE, people, _PEOPLE_OF_EACH_KIND)),
        without_links=tuple(range(_WITHOUT_LINK, people, _PEOPLE_OF_EACH_KIND)),
        clock_skews=(0, *(chance.randint(-50, 50) for _ in range(hosts - 1))),
        honors_if_match=honors_if_match,
        stale_for=_STALE_SECONDS,
        active_seconds=active,
        quiet_seconds=_QUIET,
        meetings=tuple(_meetings(chance, changes, people, spread)),
        fault_windows=tuple(_fault_windows(chance, active, spread)),
        kills=_times(chance, _KILL_EVERY, active),
        stops=_times(chance, _STOP_EVERY, active),
        storage_crashes=_times(chance, _CRASH_EVERY, active),
    )


def _meetings(chance: random.Random, changes: int, people: int, spread: int) -> Iterator[PlannedMeeting]:
    number = 0
    while changes > 0:
        created = _FIRST_MEETING + chance.randrange(spread)
        wants_link = chance.random() < 0.85  # noqa: PLR2004 -- a share
        later = _later_actions(chance, created, wants_link=wants_link)
        actions = (TimedAction(at=created, action=UserAction.CREATE), *later)[:changes]
        changes -= len(actions)
        yield PlannedMeeting(
            name=f"m{number}", owner=chance.randrange(people), wants_link=wants_link, actions=actions
        )
        number += 1


def _later_actions(chance: random.Random, created: int, *, wants_link: bool) -> Iterator[TimedAction]:
    """Yield what people do after the creation; each edit makes the app read the event again."""
    at = created
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2))):
        at += chance.randint(10, 5 * _MINUTE)
        yield TimedAction(at=at, action=chance.choice(_OTHER_ACTIONS))
    if not wants_link and chance.random() < 0.5:  # noqa: PLR2004 -- a share
        at += chance.randint(10, 20 * _MINUTE)
        yield TimedAction(at=at, action=UserAction.INVITE)
    match chance.choices(("stay", "remove", "cancel", "delete"), (59, 33, 4, 4))[0]:
        case "remove":
            at += chance.randint(30, 25 * _MINUTE)
            yield TimedAction(at=at, action=UserAction.REMOVE_LINK)
            for _ in range(chance.randint(1, 3)):
                at += chance.randint(_MINUTE, 7 * _MINUTE)
                yield TimedAction(at=at, action=UserAction.EDIT)
        case "cancel":
            yield TimedAction(at=at + chance.randint(30, 30 * _MINUTE), action=UserAction.CANCEL)
        case "delete":
            yield TimedAction(at=at + chance.randint(30, 30 * _MINUTE), action=UserAction.DELETE)


def _times(chance: random.Random, every: int, until: int) -> tuple[int, ...]:
    """Return times with this mean distance."""
    steps = (chance.randint(every // 2, 3 * every // 2) for _ in range(until))
    return tuple(takewhile(lambda at: at < until, accumulate(steps, add)))


def _fault_windows(chance: random.Random, active: int, spread: int) -> Iterator[FaultWindow]:
    """Yield at least two windows for each kind of fault.

    Faults of writes hit only some calls of each window, since an event has only one write. Other faults may
    be an outage.
    """
    until = spread + _FIRST_MEETING
    for fault in WRITE_FAULTS:
        for _ in range(2):
            start, share = chance.randrange(until), chance.choice((0.03, 0.06))
            yield FaultWindow(fault=fault, start=start, duration=spread // 6, probability=share)
    for fault in WRITE_FAULTS_THEN_CHANGE:
        for _ in range(3):
            start = chance.randrange(until)
            yield FaultWindow(fault=fault, start=start, duration=spread // 6, probability=0.3, limit=3)
    for fault in HOST_KILLS:
        for start in (_opening(fault), chance.randrange(_OPENING, until)):
            kills = max(1, spread // _SECONDS_PER_KILL)
            yield FaultWindow(fault=fault, start=start, duration=active, probability=0.05, limit=kills)
    for fault in OTHER_FAULTS:
        if fault.seconds:
            yield FaultWindow(
                fault=fault,
                start=chance.randrange(until),
                duration=min(_SLOW, spread // 8),
                probability=_SLOW_SHARE,
            )
            continue
        if fault.target in {Target.GRAPH, Target.TOKEN} and fault.path != READ:
            start = _opening(fault)
            share = _TOKEN_SHARE if fault.target is Target.TOKEN else _RARE_SHARE
            share = _RAREST_SHARE if fault.kind == _RAREST else share
            yield FaultWindow(fault=fault, start=start, duration=active, probability=share)
            continue
        limit = max(1, spread // _SECONDS_PER_VANISHING) if fault.then else None
        start = chance.randrange(_OPENING, until)
        yield FaultWindow(fault=fault, start=start, duration=active // 4, probability=0.02, limit=limit)
        start = chance.randrange(_OPENING, until)
        most = limit or (None if fault.target in {Target.GRAPH, Target.TOKEN} else _MOST_OF_AN_OUTAGE)
        yield FaultWindow(fault=fault, start=start, duration=_OUTAGE, probability=0.9, limit=most)


def _opening(fault: PlannedFault) -> int:
    """Return when a fault can begin."""
    return 0 if fault.path in _OF_MAILBOXES else _OPENING
