"""Who is invited: each line of an invitation read as a person, as a resource, or as what can't be told."""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from shared.domain.address import LONGEST_TEXT, read_address, untagged
from shared.domain.event import Attendee, Event, Location
from shared.domain.mail_domains import domain_of, home_address
from shared.rules.event.service_addresses import Nobody, nobody


class Person(NamedTuple):
    """One of the people: the address as it is read (as it stands where it can't be), and what is known by it.

    `names` are the address in canonical form and, of a guest, the one they have at home; `untagged` are those
    of a plus address without its tag. `domain` is None where it can't be told. `is_certain` is False for
    somebody who may be a resource and no person.
    """

    address: str
    names: frozenset[str]
    untagged: frozenset[str]
    domain: str | None
    is_certain: bool = True


def person(address: str) -> Person:
    """Return the person of an address."""
    return _known(address) if len(address) <= LONGEST_TEXT else _person(address)


def _person(address: str) -> Person:
    read = read_address(address)
    shown = address.strip() if read is None else read
    home = home_address(address)
    names = frozenset((shown.lower(), home))
    return Person(shown, names, frozenset(map(untagged, names)) - names, domain_of(home))


_known = lru_cache(maxsize=4_096)(_person)


class Kind(Enum):
    """What a line of an invitation is."""

    PERSON = "person"
    RESOURCE = "resource"
    #: a person or not: it can't be told
    OPEN = "open"


class Guest(NamedTuple):
    """A line of an invitation."""

    person: Person
    kind: Kind
    #: the line is for a resource, whatever stands there
    is_resource: bool
    has_declined: bool
    #: the name beside the address
    name: str

    @property
    def is_certain(self) -> bool:
        """Whether the line certainly stands for the person of its address: it is not for a resource."""
        return self.kind is not Kind.RESOURCE and not self.is_resource


def guests(event: Event, is_ours: Callable[[Person], bool]) -> tuple[Guest, ...]:
    """Return everybody and everything invited but the organizer, line by line.

    `is_ours` tells whether an address is in the house: a resource of others is not known to be one, since
    people put guests there as a blind copy.
    """
    organizer = person(event.organizer)
    rooms = rooms_of(event)
    places = frozenset(addresses_of(event.locations))
    found = []
    for line in event.attendees:
        one = person(line.address)
        if one.address and one.address.lower() == organizer.address.lower():
            continue
        kind = _kind(line, rooms, places, is_ours=is_ours(one))
        if kind is Kind.PERSON and not one.untagged.isdisjoint(organizer.names):
            kind = Kind.OPEN  # a plus address of the organizer's
        found.append(Guest(one, kind, line.type == "resource", line.response == "declined", line.name))
    return tuple(found)


def addresses_of(places: Iterable[Location]) -> Iterator[str]:
    """Yield the addresses by which places are known, in canonical form."""
    for place in places:
        for text in (place.email, place.unique_id, place.uri):
            if "@" in text and (address := read_address(text)):
                yield address


def is_room(place: Location) -> bool:
    """Return whether a place is a conference room."""
    return place.type.lower() == "conferenceroom"


def rooms_of(event: Event) -> frozenset[str]:
    """Return the addresses that the event's places say are rooms."""
    rooms = (place for place in event.locations if is_room(place) or place.unique_id_type == "directory")
    return frozenset(addresses_of(rooms))


def _kind(line: Attendee, rooms: frozenset[str], places: frozenset[str], *, is_ours: bool) -> Kind:
    address = read_address(line.address)
    if address is None:
        is_nobody = line.address.strip() or line.type == "resource"
        return Kind.OPEN if is_nobody else Kind.PERSON
    known = nobody(address)
    if address in rooms or known is Nobody.RESOURCE:
        return Kind.RESOURCE
    if line.type == "resource":
        # Outlook repeats people of this field in the location, so a place proves nothing here.
        return Kind.RESOURCE if is_ours else Kind.OPEN
    return Kind.OPEN if known or address in places else Kind.PERSON
