"""Whether an event has a room: one that is invited and has not declined, or one that is the place."""

from collections.abc import Iterator, Sequence

from shared.domain.event import Event, Location
from shared.rules.event.invitees import Invitee, InviteeKind, is_room, place_addresses
from shared.rules.event.texts import fold
from shared.rules.truth import Truth, any_holds


def has_room(event: Event, invitees: Sequence[Invitee]) -> Truth:
    """Return whether the event has a room; None if that is unknown.

    A room that declined does not count, although the event still names it as its place.
    """
    declined = tuple(
        invitee for invitee in invitees if invitee.has_declined and invitee.kind is not InviteeKind.PERSON
    )
    truths = (*_invited(event, invitees), *_as_places(event, declined))
    return any_holds(truths)


def _invited(event: Event, invitees: Sequence[Invitee]) -> Iterator[Truth]:
    places = frozenset(place_addresses(event.locations))
    for invitee in invitees:
        if invitee.has_declined:
            continue
        if invitee.kind is InviteeKind.RESOURCE:
            yield True
        elif invitee.kind is InviteeKind.UNKNOWN and _may_be_room(invitee, places):
            yield None


def _may_be_room(invitee: Invitee, places: frozenset[str]) -> bool:
    """Whether an invitee of unknown kind may be a room. Rooms may have X.500 addresses, without a domain."""
    return invitee.is_listed_as_resource or invitee.person.domain is None or invitee.person.address in places


def _as_places(event: Event, declined: Sequence[Invitee]) -> Iterator[Truth]:
    addresses = {invitee.person.address for invitee in declined}
    names = {fold(invitee.name).strip() for invitee in declined}
    for place in event.locations:
        if is_room(place):
            yield _has_accepted(place, addresses, names)


def _has_accepted(room: Location, declined: set[str], declined_names: set[str]) -> Truth:
    addresses = frozenset(place_addresses((room,)))
    if addresses:
        return addresses.isdisjoint(declined)
    if not declined:
        return True
    return False if fold(room.display_name).strip() in declined_names else None
