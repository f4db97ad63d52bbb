"""An event seen with the eyes of conditions: each fact worked out once, on first use, for all rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from shared.domain.address import read_address, untagged
from shared.domain.event import Event
from shared.domain.mail_domains import NO_DOMAINS, Domains, home_address, is_guest
from shared.rules.event.guests import Guest, Kind, Person, guests, person, rooms_of
from shared.rules.event.rooms import has_room
from shared.rules.event.texts import Texts, fold, texts
from shared.rules.links.join_links import other_join_link
from shared.rules.truth import Truth

#: folded name -> the name as it stands in the event
Names = dict[str, str]
#: no group is known
NOBODY: Mapping[str, frozenset[str]] = {}


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are: between `low` and `high`, which differ by what is unknown."""

    low: int
    high: int


class People(NamedTuple):
    """People, and who is in which group, as far as known; `lists` are addresses of other groups."""

    persons: tuple[Person, ...]
    members: Mapping[str, frozenset[str]]
    lists: frozenset[str] = frozenset()


class Start(NamedTuple):
    """When an event starts (aware); one of whole days starts at midnight, in whatever zone.

    `unknown_zone` is the zone of the moment where it is not known.
    """

    moment: datetime
    is_all_day: bool
    unknown_zone: str = ""


def names(*raw: str) -> Names:
    """Return the names by their folded form."""
    return {fold(name): name for name in raw}


class EventFacts:
    """What conditions ask of an event.

    `internal` is None where the tenant's domains are not known; `members` holds the groups that are, `lists`
    the addresses of groups whose members were not asked for. Every link to one of `meeting_hosts` is a join
    link.
    """

    def __init__(
        self,
        event: Event,
        *,
        internal: Domains | None,
        now: datetime,
        members: Mapping[str, frozenset[str]] = NOBODY,
        lists: frozenset[str] = frozenset(),
        meeting_hosts: Domains = NO_DOMAINS,
    ) -> None:
        self.event = event
        self.internal = internal
        self.now = now
        self.members = members
        self.lists = lists
        self.meeting_hosts = meeting_hosts

    @cached_property
    def guests(self) -> tuple[Guest, ...]:
        """Everybody and everything invited but the organizer."""
        return guests(self.event, self._is_ours)

    @cached_property
    def attendees(self) -> Count:
        """How many people are invited, neither rooms nor the organizer.

        Who may be no person, or the same as another, is counted in `high` alone.
        """
        return _count((guest, True) for guest in self.guests if guest.kind is not Kind.RESOURCE)

    @cached_property
    def attendee(self) -> People:
        """The people invited. What may be a resource, or a person under blind copy, is not certain."""
        rooms = rooms_of(self.event)
        found: dict[str, Person] = {}
        nameless = []
        for guest in self.guests:
            address = guest.person.address
            if not address:
                nameless.append(guest.person)
            elif address not in rooms and (guest.is_certain or address not in found):
                found[address] = guest.person._replace(is_certain=guest.is_certain)
        return People((*found.values(), *nameless), self.members, self.lists)

    @cached_property
    def organizer(self) -> People:
        """The organizer."""
        return People((person(self.event.organizer),), self.members, self.lists)

    @cached_property
    def external_attendees(self) -> Count:
        """How many of the people are from outside; who can't be told is counted in `high` alone."""
        people = (guest for guest in self.guests if guest.kind is not Kind.RESOURCE)
        return _count((guest, self.is_external(guest.person)) for guest in people)

    def is_external(self, one: Person) -> Truth:
        """Whether somebody is from outside; None where their domain, or ours, is not known.

        A guest is judged by the address they have at home, and is from outside where that can't be told.
        """
        home = home_address(one.address)
        if one.domain is None or is_guest(home):
            return True if is_guest(one.address) and read_address(one.address) else None
        return None if self.internal is None else one.domain not in self.internal

    def _is_ours(self, one: Person) -> bool:
        """Whether an address is in the house; while our domains are not known, in the organizer's domain."""
        if one.domain is None:
            return False
        if self.internal is None:
            return one.domain == person(self.event.organizer).domain
        return one.domain in self.internal

    @cached_property
    def subject(self) -> Texts:
        """The subject."""
        return texts(self.event.subject)

    @cached_property
    def location(self) -> Texts:
        """The names of all places."""
        return texts(
            *dict.fromkeys(place.display_name for place in self.event.locations if place.display_name)
        )

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
    def has_room(self) -> Truth:
        """Whether a room or other resource is invited and has not declined, or is chosen as place."""
        return has_room(self.event, self.guests)

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
    def starts_in(self) -> timedelta | None:
        """From now to the start; below zero once it has begun. A series starts with its first occurrence.

        None where the event's time zone is not known.
        """
        return None if self.event.unknown_zone else self.event.start - self.now

    @cached_property
    def starts_between(self) -> Start:
        """When the event starts; a series, its first occurrence."""
        return Start(self.event.start, self.event.is_all_day, self.event.unknown_zone)

    @cached_property
    def rollout(self) -> str:
        """The organizer's address, by which a share of organizers is drawn."""
        return person(self.event.organizer).address.lower()


def _count(people: Iterable[tuple[Guest, Truth]]) -> Count:
    """Return how many people there are, each with whether they count; an address counts once.

    A line without an address is somebody, so it stands for a person of its own.
    """
    sure: set[str] = set()
    possible: set[str] = set()
    nameless, maybe_nameless = 0, 0
    for guest, counts in people:
        if counts is False:
            continue
        is_sure = counts is True and guest.kind is Kind.PERSON
        if not guest.person.address:
            nameless += is_sure
            maybe_nameless += 1
            continue
        possible.add(guest.person.address)
        if is_sure:
            # A tag does not make another person, and neither does being a guest of the tenant.
            sure.add(untagged(home_address(guest.person.address)))
    return Count(len(sure) + nameless, len(possible) + maybe_nameless)
