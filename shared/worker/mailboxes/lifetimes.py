"""How long a subscription lives: the longest that Graph accepts for its mailbox.

Graph's documentation says 10,080 minutes; older pages, and other clouds, say less. If Graph refuses a
length, Joinlink asks for the one that Graph names, or for the next shorter, and remembers it for a week.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from shared.domain.mailbox import Subscription
from shared.errors import OutOfTime, StorageUnavailable, SubscriptionTooLong
from shared.logs import logger
from shared.storage.mailboxes import Mailbox, Mailboxes

#: lengths that Graph's pages have named for events (https://learn.microsoft.com/graph/api/resources/subscription),
#: and two that are hardly usable, but better than no subscription
_KNOWN = tuple(timedelta(minutes=minutes) for minutes in (10_080, 4_230, 1_440, 180, 60))
#: Graph raises what is shorter to this.
SHORTEST = timedelta(minutes=45)
LONGEST = _KNOWN[0]
#: The clocks of Graph and of this machine differ: Joinlink asks for a little less than the maximum.
_MARGIN, _LEAST_MARGIN = 1 / 42, timedelta(minutes=5)
#: calls for one request: one for every known length, and one for a length that Graph names
_MOST_CALLS = len(_KNOWN) + 1
_MINUTE = timedelta(minutes=1)
#: then the usual length is tried again
_REMEMBERED_FOR = timedelta(days=7)


def within(maximum: timedelta) -> timedelta:
    """Return the length to ask for if Graph allows `maximum`: whole minutes, with a margin for clocks."""
    return (maximum - max(maximum * _MARGIN, _LEAST_MARGIN)) // _MINUTE * _MINUTE


#: what Joinlink asks for unless Graph refuses it: 10,080 minutes less four hours
LIFETIME = within(LONGEST)


def shorter(refused: timedelta, named: timedelta | None) -> timedelta | None:
    """Return the length to ask for after a refusal: what Graph names, else the next shorter.

    None if there is no shorter one. An absurd number in Graph's answer, such as 0, counts as none.
    """
    maximums = (named, *_KNOWN) if named is not None and named >= SHORTEST else _KNOWN
    return next((length for each in maximums if (length := within(each)) < refused), None)


def believable(expires: datetime, now: datetime) -> datetime:
    """Return the expiry that an answer names; if it is in the past or far ahead, one that Graph may mean."""
    return min(expires, now + LONGEST) if expires > now else now + SHORTEST


class Lifetimes:
    """Finds the length for each mailbox, and remembers it in the mailbox's row."""

    def __init__(self, *, now: Callable[[], datetime], mailboxes: Mailboxes) -> None:
        self._now = now
        self._mailboxes = mailboxes

    def request(self, row: Mailbox, send: Callable[[datetime], Subscription]) -> Subscription:
        """Call `send` with an expiry, and with an earlier one as long as Graph refuses the length.

        Raises:
            SubscriptionTooLong: Graph refused every length.
            GraphError, OutOfTime: whatever else `send` raises.
        """
        first = lifetime = self._remembered(row)
        for _ in range(_MOST_CALLS):
            try:
                subscription = send(self._now() + lifetime)
            except SubscriptionTooLong as error:
                refused, next_length = error, shorter(lifetime, error.longest)
                if next_length is None:
                    raise
                lifetime = next_length
            else:
                if lifetime != first:
                    self._remember(row, lifetime)
                return subscription
        raise refused

    def _remembered(self, row: Mailbox) -> timedelta:
        if row.lifetime is None or row.lifetime_until is None or self._now() >= row.lifetime_until:
            return LIFETIME
        return min(max(row.lifetime, 1), LIFETIME // _MINUTE) * _MINUTE

    def _remember(self, row: Mailbox, lifetime: timedelta) -> None:
        minutes = lifetime // _MINUTE
        logger().info("mailbox.lifetime_reduced", mailbox=row.id, minutes=minutes)
        # If this fails, the next renewal finds it out again. It must not hide the subscription.
        with suppress(StorageUnavailable, OutOfTime):
            until = self._now() + _REMEMBERED_FOR
            self._mailboxes.update(row.id, lifetime=minutes, lifetime_until=until)
