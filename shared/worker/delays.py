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
#: What passes within a day, such as a permission that was just granted, is tried every hour.
HOURS_A_DAY = 24
#: While a setting is missing, a message comes back as often as this.
SETTINGS_AGAIN = timedelta(minutes=5)

_FIRST_BACKOFF = timedelta(seconds=30)
_LONGEST_BACKOFF = timedelta(hours=1)
_THROTTLING_SPREAD = timedelta(seconds=5)
_BUSY = (2.0, 5.0)

Uniform = Callable[[float, float], float]


def backoff(attempt: int, uniform: Uniform) -> timedelta:
    """Return 30 s doubling to 1 h, a quarter up or down, for the failure after `attempt` earlier ones."""
    doubled = _FIRST_BACKOFF * (1 << min(attempt, 10))
    return min(doubled, _LONGEST_BACKOFF) * uniform(0.75, 1.25)


def after_throttling(retry_after: timedelta, uniform: Uniform) -> timedelta:
    """Return Graph's wait and some more: it is often a flat second, for everybody at once."""
    spread = max(_THROTTLING_SPREAD, retry_after / 4)
    return retry_after + spread * uniform(0.0, 1.0)


def while_busy(uniform: Uniform) -> timedelta:
    """Return how long a change steps back when its mailbox has enough of our requests."""
    return timedelta(seconds=uniform(*_BUSY))


def jitter(uniform: Uniform) -> timedelta:
    """Return a few seconds, so that those who wait for the same moment do not come at once."""
    return timedelta(seconds=uniform(1.0, 5.0))
