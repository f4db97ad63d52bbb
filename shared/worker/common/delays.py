"""How long messages wait before they are retried. Every delay of the worker is here."""

from collections.abc import Callable
from datetime import timedelta

#: An event that Graph does not find may be moving to another folder, so it is read two more times.
NOT_FOUND_DELAYS = (timedelta(seconds=30), timedelta(minutes=5))
#: The join link may appear some time after the answer to the PATCH.
VERIFY_DELAY = timedelta(minutes=1)
#: After this time a read shows the result of a write: a little more than `shared.domain.attempt.SETTLED`.
SETTLED_DELAY = timedelta(seconds=65)
#: Seven doublings, then hourly: after a day of errors a message goes to the poison queue.
MAX_ATTEMPTS = 30
#: how long a message waits while the settings are refused
SETTINGS_RETRY_DELAY = timedelta(minutes=5)

#: What only a person can fix, such as a full mailbox, is retried every hour for a day.
HOURLY = timedelta(hours=1)
MAX_HOURLY_ATTEMPTS = 24
#: A doubtful answer about a mailbox is confirmed by a second read after this time.
SECOND_READ_DELAY = timedelta(minutes=5)

_FIRST_BACKOFF = timedelta(seconds=30)
_LONGEST_BACKOFF = timedelta(hours=1)
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=10)
_THROTTLING_SPREAD = timedelta(seconds=5)

Uniform = Callable[[float, float], float]


def backoff(attempt: int, uniform: Uniform) -> timedelta:
    """Return 30 s doubling to 1 h, plus or minus a quarter, after `attempt` earlier failures."""
    doubled = _FIRST_BACKOFF * (1 << min(attempt, 10))
    return min(doubled, _LONGEST_BACKOFF) * uniform(0.75, 1.25)


def throttled(retry_after: timedelta, waits: int) -> timedelta:
    """Return how long to wait after throttling, and after `waits` earlier waits without a success.

    Graph often requests only a second or less, so Joinlink's own wait doubles from 5 s to 10 minutes.
    """
    return max(retry_after, min(_FIRST_WAIT * (1 << min(waits, 10)), _LONGEST_WAIT))


def after_throttling(retry_after: timedelta, waits: int, uniform: Uniform) -> timedelta:
    """Return `throttled` plus jitter, because many messages wait for the same moment."""
    wait = throttled(retry_after, waits)
    return wait + max(_THROTTLING_SPREAD, wait / 4) * uniform(0.0, 1.0)


def without_rules(waits: int, uniform: Uniform) -> timedelta:
    """Return how long to wait for rules: 30 s doubling to 10 minutes, plus or minus a quarter."""
    return min(_FIRST_BACKOFF * (1 << min(waits, 10)), _LONGEST_WAIT) * uniform(0.75, 1.25)


def hourly(uniform: Uniform) -> timedelta:
    """Return an hour, plus or minus a quarter."""
    return HOURLY * uniform(0.75, 1.25)


def second_read(uniform: Uniform) -> timedelta:
    """Return how long to wait before a second read confirms a doubtful answer."""
    return SECOND_READ_DELAY * uniform(1.0, 1.25)


def jitter(uniform: Uniform) -> timedelta:
    """Return 1 to 5 seconds, so that many messages don't become visible at the same moment."""
    return timedelta(seconds=uniform(1.0, 5.0))
