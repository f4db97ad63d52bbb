"""Whether people have a room: one that is invited and has not declined, or one that is chosen as place."""

from collections.abc import Iterator, Sequence

from shared.domain.event import Event, Location
from shared.rules.event.guests import Guest, Kind, addresses_of, is_room
from shared.rules.event.texts import fold
from shared.rules.truth import Truth, any_holds


def has_room(event: Event, guests: Sequence[Guest]) -> Truth:
    """Return whether a room is there; None where it can't be told.

    A room that declined is none: its people are without a room, although the place still names it.
    """
    declined = tuple(guest for guest in guests if guest.has_declined and guest.kind is not Kind.PERSON)
    truths = (*_invited(event, guests), *_chosen(event, declined))
    return any_holds(truths)


def _invited(event: Event, guests: Sequence[Guest]) -> Iterator[Truth]:
    places = frozenset(addresses_of(event.locations))
    for guest in guests:
        if guest.has_declined:
            continue
        if guest.kind is Kind.RESOURCE:
            yield True
        elif guest.kind is Kind.OPEN and _may_be_room(guest, places):
            yield None


def _may_be_room(guest: Guest, places: frozenset[str]) -> bool:
    """Whether a line that can't be told may stand for a room: rooms have X.500 addresses, too."""
    return guest.is_resource or guest.person.domain is None or guest.person.address in places


def _chosen(event: Event, declined: Sequence[Guest]) -> Iterator[Truth]:
    addresses = {guest.person.address for guest in declined}
    names = {fold(guest.name).strip() for guest in declined}
    for place in event.locations:
        if is_room(place):
            yield _is_free(place, addresses, names)


def _is_free(place: Location, declined: set[str], names: set[str]) -> Truth:
    known = frozenset(addresses_of((place,)))
    if known:
        return known.isdisjoint(declined)
    if not declined:
        return True
    return False if fold(place.display_name).strip() in names else None
