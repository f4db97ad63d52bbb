"""Who is invited: reads each line of an invitation as a person, a resource, or unknown."""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import NamedTuple

from shared.domain.address import read_address, untagged
from shared.domain.event import Attendee, Event, Location
from shared.domain.mail_domains import domain_of, home_address
from shared.rules.event.service_addresses import ServiceAddressKind, service_address_kind


class Person(NamedTuple):
    """A person, as far as an address identifies one."""

    #: the address in canonical form; as the event has it where it can't be read
    address: str
    #: the canonical address and, of a guest account, the one in the guest's own tenant
    names: frozenset[str]
    #: `names` without their plus tags, where they have tags
    untagged: frozenset[str]
    #: None where the address has no readable domain
    domain: str | None
    #: False if this may be a resource instead of a person
    is_certain: bool = True


def person(address: str) -> Person:
    """Return the person of an address."""
    canonical = read_address(address)
    shown = address.strip() if canonical is None else canonical
    home = home_address(address)
    names = frozenset((shown.lower(), home))
    return Person(shown, names, frozenset(map(untagged, names)) - names, domain_of(home))


class InviteeKind(Enum):
    """What a line of an invitation stands for."""

    PERSON = "person"
    RESOURCE = "resource"
    #: a person or something else
    UNKNOWN = "unknown"


class Invitee(NamedTuple):
    """A line of an invitation."""

    person: Person
    kind: InviteeKind
    #: the event lists the line among resources
    is_listed_as_resource: bool
    has_declined: bool
    #: the display name
    name: str

    @property
    def is_certain(self) -> bool:
        """Whether the line certainly stands for the person of its address, and not for a resource."""
        return self.kind is not InviteeKind.RESOURCE and not self.is_listed_as_resource


def invitees(event: Event, is_internal: Callable[[Person], bool]) -> tuple[Invitee, ...]:
    """Return all invited people and resources without the organizer, one for each line.

    `is_internal` returns whether a person's address is in the company's domains. A resource outside these
    may be a person: people enter external guests as resources, to hide them as with a blind copy.
    """
    organizer = person(event.organizer)
    rooms = room_addresses(event)
    places = frozenset(place_addresses(event.locations))
    found = []
    for line in event.attendees:
        invited = person(line.address)
        if invited.address and invited.address.lower() == organizer.address.lower():
            continue
        kind = _kind(line, rooms, places, is_internal=is_internal(invited))
        if kind is InviteeKind.PERSON and not invited.untagged.isdisjoint(organizer.names):
            kind = InviteeKind.UNKNOWN  # a plus address of the organizer
        found.append(Invitee(invited, kind, line.type == "resource", line.response == "declined", line.name))
    return tuple(found)


def place_addresses(places: Iterable[Location]) -> Iterator[str]:
    """Yield the canonical addresses that places have."""
    for place in places:
        for text in (place.email, place.unique_id, place.uri):
            if "@" in text and (address := read_address(text)):
                yield address


def is_room(place: Location) -> bool:
    """Return whether a place is a conference room."""
    return place.type.lower() == "conferenceroom"


def room_addresses(event: Event) -> frozenset[str]:
    """Return the canonical addresses of the event's places that are rooms."""
    rooms = (place for place in event.locations if is_room(place) or place.unique_id_type == "directory")
    return frozenset(place_addresses(rooms))


def _kind(line: Attendee, rooms: frozenset[str], places: frozenset[str], *, is_internal: bool) -> InviteeKind:
    address = read_address(line.address)
    if address is None:
        may_be_other = line.address.strip() or line.type == "resource"
        return InviteeKind.UNKNOWN if may_be_other else InviteeKind.PERSON
    service = service_address_kind(address)
    if address in rooms or service is ServiceAddressKind.RESOURCE:
        return InviteeKind.RESOURCE
    if line.type == "resource":
        # Outlook repeats people of this field in the location, so a place proves nothing here.
        return InviteeKind.RESOURCE if is_internal else InviteeKind.UNKNOWN
    return InviteeKind.UNKNOWN if service or address in places else InviteeKind.PERSON
