"""How long things wait. All of Joinlink's patience stands here."""

from collections.abc import Callable
from datetime import timedelta

#: An event that Graph does not find may be on the move (another folder, another id): two more looks.
LOOK_AGAIN = (timedelta(seconds=30), timedelta(minutes=5))
#: A join link may come after the answer to the PATCH.
VERIFY_AFTER = timedelta(minutes=1)
#: After so long a read shows what came of a write (`shared.domain.attempt.SETTLED`, and a little more).
SETTLED_AFTER = timedelta(seconds=65)
#: Seven doublings and 23 hours: after a day of trouble a change is set aside, and `replay` puts it back.
MOST_ATTEMPTS = 30
#: While a setting is missing, a message comes back as often as this.
SETTINGS_AGAIN = timedelta(minutes=5)

#: What only a person can change, such as a full mailbox, is tried hourly for a day.
HOURLY = timedelta(hours=1)
MOST_HOURLY = 24
#: One answer that speaks against a mailbox is followed by another read, so many minutes later.
SECOND_LOOK = timedelta(minutes=5)

_FIRST_BACKOFF = timedelta(seconds=30)
_LONGEST_BACKOFF = timedelta(hours=1)
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=10)
_THROTTLING_SPREAD = timedelta(seconds=5)
_BUSY = (2.0, 5.0)

Uniform = Callable[[float, float], float]


def backoff(attempt: int, uniform: Uniform) -> timedelta:
    """Return 30 s doubling to 1 h, a quarter up or down, for the failure after `attempt` earlier ones."""
    doubled = _FIRST_BACKOFF * (1 << min(attempt, 10))
    return min(doubled, _LONGEST_BACKOFF) * uniform(0.75, 1.25)


def throttled(retry_after: timedelta, waits: int) -> timedelta:
    """Return how long to leave alone what was throttled after `waits` earlier times without a success.

    Graph's wait is often zero or a flat second, for ever; so ours doubles from 5 s to 10 minutes beside it.
    """
    return max(retry_after, min(_FIRST_WAIT * (1 << min(waits, 10)), _LONGEST_WAIT))


def after_throttling(retry_after: timedelta, waits: int, uniform: Uniform) -> timedelta:
    """Return the same and some more: it is the same wait for everybody at once."""
    wait = throttled(retry_after, waits)
    return wait + max(_THROTTLING_SPREAD, wait / 4) * uniform(0.0, 1.0)


def without_rules(waits: int, uniform: Uniform) -> timedelta:
    """Return 30 s doubling to 10 minutes, a quarter up or down, while there are no valid rules."""
    return min(_FIRST_BACKOFF * (1 << min(waits, 10)), _LONGEST_WAIT) * uniform(0.75, 1.25)


def hourly(uniform: Uniform) -> timedelta:
    """Return an hour, a quarter up or down."""
    return HOURLY * uniform(0.75, 1.25)


def second_look(uniform: Uniform) -> timedelta:
    """Return how long after a doubtful answer it is asked again."""
    return SECOND_LOOK * uniform(1.0, 1.25)


def while_busy(uniform: Uniform) -> timedelta:
    """Return how long a change steps back when its mailbox has enough of our requests."""
    return timedelta(seconds=uniform(*_BUSY))


def jitter(uniform: Uniform) -> timedelta:
    """Return a few seconds, so that those who wait for the same moment do not come at once."""
    return timedelta(seconds=uniform(1.0, 5.0))
