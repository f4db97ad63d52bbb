"""What a mailbox's row keeps of the calendars that the mailbox owns, apart from the default one.

It is one column with JSON, of bounded size. If it can't be read, the calendars count as new.

Of a mailbox with too many calendars the column has a part, and the next list moves on to the next part. The
last calendar of a part marks how far this is, so nothing is kept of the others, and all have their turn.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate, islice
from typing import Any, Self

from shared.domain.ids import is_id

#: Of a mailbox with more calendars than this, a sweep searches a part.
MOST_CALENDARS = 100
#: A column takes 32,768 characters.
_MOST_CHARACTERS = 32_000
#: what the other fields of a calendar take at most, apart from its id
_MOST_OTHER_CHARACTERS = 180
#: The list of calendars is read once a day.
_LIST_EVERY = timedelta(days=1)
#: It is read more often to move on to the next part: at every sweep, but not at each part of a first sweep.
_MOVE_ON_EVERY = timedelta(hours=5)
#: Two clocks may differ by this much.
_CLOCKS_DIFFER = timedelta(minutes=5)
#: The next part of a first sweep is due after this time.
PART = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCalendar:
    """A calendar by its id; its first sweep is under way since `new_since`, None once it is over.

    `due` is when the next part of the first sweep may begin, None for at once. `subscription` is Graph's id,
    empty if there is none, and `endpoint` its fingerprint as in `Mailbox`. Timestamps are aware UTC.
    """

    id: str
    new_since: datetime | None = None
    due: datetime | None = None
    subscription: str = ""
    endpoint: str = ""

    def is_due(self, now: datetime) -> bool:
        """Return whether a sweep reads it now. A time far ahead comes from a wrong clock."""
        if self.new_since is None or self.due is None:
            return True
        return not now < self.due <= now + PART + _CLOCKS_DIFFER


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCalendars:
    """The calendars, when their list was read, and how many have their turn later."""

    calendars: tuple[KnownCalendar, ...] = ()
    listed: datetime | None = None
    left_out: int = 0

    def is_list_due(self, now: datetime) -> bool:
        """Return whether the list must be read again."""
        every = _MOVE_ON_EVERY if self.left_out else _LIST_EVERY
        return self.listed is None or not self.listed - _CLOCKS_DIFFER <= now < self.listed + every

    @property
    def subscriptions(self) -> frozenset[str]:
        """The ids of the calendars' subscriptions."""
        return frozenset(one.subscription for one in self.calendars if one.subscription)

    @property
    def due(self) -> datetime | None:
        """When the next part of a first sweep is due; None if no first sweep is under way."""
        return min((one.due for one in self.calendars if one.new_since and one.due), default=None)

    def get(self, calendar: str) -> KnownCalendar | None:
        """Return a calendar by its id; None if it is not known."""
        return next((one for one in self.calendars if one.id == calendar), None)

    def after(self, calendar: str, now: datetime) -> str:
        """Return the id of the next calendar that is due, "" for none; "" is the default, the first one."""
        ids = ["", *(one.id for one in self.calendars)]
        following = self.calendars[ids.index(calendar) :] if calendar in ids else ()
        return next((one.id for one in following if one.is_due(now)), "")

    def with_calendar(self, changed: KnownCalendar) -> "KnownCalendars":
        """Return the calendars with one of them changed."""
        calendars = tuple(changed if one.id == changed.id else one for one in self.calendars)
        return replace(self, calendars=calendars)

    def without(self, calendar: str) -> "KnownCalendars":
        """Return the calendars without one that does not exist any more."""
        return replace(self, calendars=tuple(one for one in self.calendars if one.id != calendar))

    def as_listed(self, owned: Iterable[str], now: datetime) -> "KnownCalendars":
        """Return the calendars that exist now: those known before, then the new ones.

        If they are too many, it is the part that follows the part known before, by id.
        """
        ids = dict.fromkeys(owned)
        kept = {one.id: one for one in self.calendars if one.id in ids}
        new = {each: KnownCalendar(id=each, new_since=now) for each in ids if each not in kept}
        calendars = kept | new
        number = _number_that_fits(calendars)
        if number < len(calendars):
            after = self.calendars[-1].id if self.left_out and self.calendars else ""
            order = sorted(calendars)
            begin = bisect_right(order, after)
            calendars = {each: calendars[each] for each in (*order[begin:], *order[:begin])}
            number = _number_that_fits(calendars)
        return KnownCalendars(
            calendars=tuple(calendars.values())[:number], listed=now, left_out=len(calendars) - number
        )

    def encode(self) -> str:
        """Return compact JSON; `decode` reads it."""
        data = {
            "listed": _text(self.listed),
            "left_out": self.left_out,
            "calendars": [_encoded(one) for one in self.calendars],
        }
        return json.dumps(data, separators=(",", ":"))

    @classmethod
    def decode(cls, text: str) -> Self:
        """Parse the column; nothing is known if it can't be read."""
        try:
            data = json.loads(text)
            return cls(
                calendars=tuple(_decoded(each) for each in data["calendars"][:MOST_CALENDARS]),
                listed=_moment(data.get("listed")),
                left_out=int(data.get("left_out", 0)),
            )
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return cls()


#: of a mailbox whose list was never read
NONE_KNOWN = KnownCalendars()


def _number_that_fits(ids: Iterable[str]) -> int:
    sizes = accumulate(len(each) + _MOST_OTHER_CHARACTERS for each in ids)
    return sum(size <= _MOST_CHARACTERS for size in islice(sizes, MOST_CALENDARS))


def _encoded(one: KnownCalendar) -> dict[str, str]:
    values = {
        "id": one.id,
        "new_since": _text(one.new_since),
        "due": _text(one.due),
        "subscription": one.subscription,
        "endpoint": one.endpoint,
    }
    return {name: value for name, value in values.items() if value}


def _decoded(data: Any) -> KnownCalendar:
    texts = {name: str(data.get(name, "")) for name in ("subscription", "endpoint")}
    if not is_id(data["id"]):
        raise ValueError("this can't be the id of a calendar")
    return KnownCalendar(
        id=data["id"], new_since=_moment(data.get("new_since")), due=_moment(data.get("due")), **texts
    )


def _text(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _moment(text: str | None) -> datetime | None:
    moment = datetime.fromisoformat(text) if text else None
    if moment and moment.tzinfo is None:
        raise ValueError("a timestamp has no zone")
    return moment
