"""Draws a plan from a seed: the same seed, the same plan."""

import random
from collections.abc import Iterator

from sandbox.chaos.catalogue import AROUND, CROSSED, KILLS, WRITES
from sandbox.chaos.plan import ChaosPlan, Deed, Happening, Outbreak, PlannedMeeting

_SECONDS_PER_MEETING = 7
_SHORTEST = 5 * 60
#: A message is retried for a day at most; sweeps and the timer run on.
QUIET = 30 * 3600
_MINUTE = 60
_STALE_SECONDS = 25
#: short, since every client waits in real time before it gives up
_OUTAGE = 45


def draw(
    seed: int, *, meetings: int, people: int = 6, hosts: int = 2, honors_if_match: bool = False
) -> ChaosPlan:
    """Return a plan with so many meetings."""
    chance = random.Random(seed)  # noqa: S311 -- repeatable chance, no secrets
    spread = max(_SHORTEST, meetings * _SECONDS_PER_MEETING)
    busy = spread + 70 * _MINUTE
    return ChaosPlan(
        seed=seed,
        people=people,
        skews=(0, *(chance.randint(-50, 50) for _ in range(hosts - 1))),
        honors_if_match=honors_if_match,
        stale_for=_STALE_SECONDS,
        busy=busy,
        quiet=QUIET,
        meetings=tuple(_meeting(n, chance, people, spread) for n in range(meetings)),
        outbreaks=tuple(_outbreaks(chance, busy, spread)),
    )


def _meeting(number: int, chance: random.Random, people: int, spread: int) -> PlannedMeeting:
    # The first ten minutes belong to the subscriptions.
    born = 10 * _MINUTE + chance.randrange(spread)
    return PlannedMeeting(
        name=f"m{number}",
        owner=chance.randrange(people),
        wanted=chance.random() < 0.85,  # noqa: PLR2004 -- a share
        happenings=(Happening(at=born, deed=Deed.CREATE), *_life(chance, born)),
    )


def _life(chance: random.Random, born: int) -> Iterator[Happening]:
    """Yield what happens to a meeting after it was made; an edit makes the app look once more."""
    at = born
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2))):
        at += chance.randint(10, 5 * _MINUTE)
        yield Happening(at=at, deed=chance.choice((Deed.EDIT, Deed.DRIFT)))
    match chance.choices(("stay", "remove", "cancel"), (62, 33, 5))[0]:
        case "remove":
            at += chance.randint(30, 25 * _MINUTE)
            yield Happening(at=at, deed=Deed.REMOVE_LINK)
            for _ in range(chance.randint(1, 3)):
                at += chance.randint(_MINUTE, 7 * _MINUTE)
                yield Happening(at=at, deed=Deed.EDIT)
        case "cancel":
            yield Happening(at=at + chance.randint(30, 30 * _MINUTE), deed=Deed.CANCEL)


def _outbreaks(chance: random.Random, busy: int, spread: int) -> Iterator[Outbreak]:
    """Yield the faults of the time in which meetings are made, and some behind it.

    Each kind breaks out at least twice. What strikes writes strikes few of each window, since an event has
    one write; what strikes all around may be an outage.
    """
    for fault in WRITES:
        for _ in range(2):
            yield Outbreak(
                fault=fault,
                begins=chance.randrange(spread + 10 * _MINUTE),
                lasts=spread // 6,
                share=chance.choice((0.1, 0.2)),
            )
    for fault in CROSSED:
        for _ in range(3):
            yield Outbreak(
                fault=fault,
                begins=chance.randrange(spread + 10 * _MINUTE),
                lasts=spread // 6,
                share=0.3,
                most=3,
            )
    for fault in KILLS:
        for _ in range(2):
            yield Outbreak(fault=fault, begins=chance.randrange(busy), lasts=busy // 3, share=0.05, most=1)
    for fault in AROUND:
        yield Outbreak(fault=fault, begins=chance.randrange(busy), lasts=busy // 4, share=0.04)
        yield Outbreak(fault=fault, begins=chance.randrange(busy), lasts=_OUTAGE, share=0.9)
