"""An event seen with the eyes of conditions: each fact worked out once, on first use, for all rules."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from shared.domain.event import Attendee, Event
from shared.rules.domains import NO_DOMAINS, Domains, domain_of, home_address, is_guest
from shared.rules.join_links import other_join_link

#: a fact may be unknown: then a condition on it neither holds nor fails (Kleene's logic)
Truth = bool | None
#: folded name -> the name as it stands in the event
Names = dict[str, str]
#: no group is known
NOBODY: Mapping[str, frozenset[str]] = {}


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are: between `low` and `high`, which differ by what is unknown."""

    low: int
    high: int


class Person(NamedTuple):
    """One of the people: the address as it stands (empty where there is none), and what is known by it.

    `names` are the address in lower case and, of a guest, the one they have at home; `domain` is None where
    it can't be told.
    """

    address: str
    names: frozenset[str]
    domain: str | None


class People(NamedTuple):
    """People, and who is in which group, as far as known."""

    persons: tuple[Person, ...]
    members: Mapping[str, frozenset[str]]


def person(address: str) -> Person:
    """Return the person of an address."""
    home = home_address(address)
    return Person(address, frozenset((address.strip().lower(), home)), domain_of(home))


class Start(NamedTuple):
    """When an event starts (aware); one of whole days starts at midnight, in whatever zone."""

    moment: datetime
    is_all_day: bool


class Texts(NamedTuple):
    """Texts as they stand, as they are compared, and as patterns read them (UTF-8, accents composed)."""

    raw: tuple[str, ...]
    folded: tuple[str, ...]
    encoded: tuple[bytes, ...]

    def each(self) -> Iterator["Texts"]:
        """Yield the texts one by one."""
        return (Texts((raw,), (folded,), (encoded,)) for raw, folded, encoded in zip(*self, strict=True))


def fold(text: str) -> str:
    """Return the text as it is compared: letters case-blind, accents composed."""
    if text.isascii():
        return text.lower()
    return composed(composed(text).casefold())


def composed(text: str) -> str:
    """Return the text with every letter and its accents as one character, as most programs write it."""
    return unicodedata.normalize("NFC", text)


def texts(*raw: str) -> Texts:
    """Return the texts ready to be compared; lone surrogates, which JSON can carry, become "?"."""
    clean = tuple(text.encode("utf-8", "replace").decode() for text in raw)
    return Texts(clean, tuple(map(fold, clean)), tuple(composed(text).encode() for text in clean))


def names(*raw: str) -> Names:
    """Return the names by their folded form."""
    return {fold(name): name for name in raw}


class EventFacts:
    """What conditions ask of an event.

    `internal` is None where the tenant's domains are not known; `members` holds the groups that are. Every
    link to one of `meeting_hosts` is a join link.
    """

    def __init__(
        self,
        event: Event,
        *,
        internal: Domains | None,
        now: datetime,
        members: Mapping[str, frozenset[str]] = NOBODY,
        meeting_hosts: Domains = NO_DOMAINS,
    ) -> None:
        self.event = event
        self.internal = internal
        self.now = now
        self.members = members
        self.meeting_hosts = meeting_hosts

    @cached_property
    def people(self) -> tuple[str, ...]:
        """Addresses of the people invited: neither rooms nor the organizer, each address once.

        A line without an address is somebody, so it stands for a person of its own.
        """
        organizer = self.event.organizer.strip().lower()
        lines = [line.address.strip() for line in self.event.attendees if not _is_room(line)]
        distinct = {line.lower(): line for line in lines if line and line.lower() != organizer}
        return (*distinct.values(), *[line for line in lines if not line])

    @cached_property
    def attendees(self) -> Count:
        """How many people are invited."""
        return Count(len(self.people), len(self.people))

    @cached_property
    def attendee(self) -> People:
        """The people invited."""
        return People(tuple(map(person, self.people)), self.members)

    @cached_property
    def organizer(self) -> People:
        """The organizer."""
        return People((person(self.event.organizer.strip()),), self.members)

    @cached_property
    def external_attendees(self) -> Count:
        """How many of the people are from outside; who can't be told is counted in `high` alone."""
        outside = [self.is_external(address) for address in self.people]
        return Count(outside.count(True), outside.count(True) + outside.count(None))

    def is_external(self, address: str) -> Truth:
        """Whether the address is from outside; None where its domain, or ours, is not known.

        A guest is judged by the address they have at home, and is from outside where that can't be told.
        """
        home = home_address(address)
        domain = None if is_guest(home) else domain_of(home)
        if domain is None:
            return True if is_guest(address) else None
        return None if self.internal is None else domain not in self.internal

    @cached_property
    def subject(self) -> Texts:
        """The subject."""
        return texts(self.event.subject)

    @cached_property
    def location(self) -> Texts:
        """The names of all places."""
        return texts(*(place.display_name for place in self.event.locations if place.display_name))

    @cached_property
    def categories(self) -> Names:
        """The categories."""
        return names(*self.event.categories)

    @cached_property
    def sensitivity(self) -> Names:
        """The sensitivity."""
        return names(self.event.sensitivity)

    @cached_property
    def show_as(self) -> Names:
        """How the time is shown to others."""
        return names(self.event.show_as)

    @cached_property
    def importance(self) -> Names:
        """The importance."""
        return names(self.event.importance)

    @cached_property
    def type(self) -> Names:
        """Graph's type of the event."""
        return names(self.event.type)

    @cached_property
    def has_room(self) -> bool:
        """Whether a room or other resource is invited, or a place is a conference room."""
        return any(_is_room(attendee) for attendee in self.event.attendees) or any(
            place.type == "conferenceRoom" for place in self.event.locations
        )

    @cached_property
    def has_location(self) -> bool:
        """Whether any place is named."""
        return any(place.display_name.strip() for place in self.event.locations)

    @cached_property
    def has_other_join_link(self) -> Truth:
        """Whether subject, places or body preview already carry a join link; None where it can't be told."""
        found = other_join_link(self.event, hosts=self.meeting_hosts)
        return None if found is not None and not found.is_certain else found is not None

    @cached_property
    def is_all_day(self) -> bool:
        """Whether the event lasts whole days."""
        return self.event.is_all_day

    @cached_property
    def is_recurring(self) -> bool:
        """Whether the event is (of) a series."""
        return self.event.type != "singleInstance" or self.event.recurrence is not None

    @cached_property
    def duration(self) -> timedelta:
        """From start to end; of a series, of one occurrence."""
        return self.event.end - self.event.start

    @cached_property
    def starts_in(self) -> timedelta:
        """From now to the start; below zero once it has begun. A series starts with its first occurrence."""
        return self.event.start - self.now

    @cached_property
    def starts_between(self) -> Start:
        """When the event starts; a series, its first occurrence."""
        return Start(self.event.start, self.event.is_all_day)

    @cached_property
    def rollout(self) -> str:
        """The organizer's address, by which a share of organizers is drawn."""
        return self.event.organizer.strip().lower()


def _is_room(attendee: Attendee) -> bool:
    return attendee.type == "resource"
