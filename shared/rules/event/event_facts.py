"""The facts of an event that conditions test. Each is computed once, on first use, for all rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from shared.domain.address import read_address, untagged
from shared.domain.event import Event
from shared.domain.mail_domains import NO_DOMAINS, Domains, home_address, is_guest
from shared.rules.event.invitees import Invitee, InviteeKind, Person, invitees, person, room_addresses
from shared.rules.event.rooms import has_room
from shared.rules.event.texts import Texts, fold, texts
from shared.rules.links.join_links import other_join_link
from shared.rules.truth import Truth

#: folded name -> the name as the event has it
Names = dict[str, str]
NO_MEMBERS: Mapping[str, frozenset[str]] = {}


@dataclass(frozen=True, slots=True)
class Count:
    """A number between `low` and `high`; they differ if some of what is counted is unknown."""

    low: int
    high: int


class People(NamedTuple):
    """People, with what the directory has about them."""

    persons: tuple[Person, ...]
    #: the addresses of members, by the id of the group
    members: Mapping[str, frozenset[str]]
    #: the addresses of groups whose members are not known
    lists: frozenset[str] = frozenset()
    #: the department of the organizer, empty if there is none; None if it is not known
    department: str | None = None


class Start(NamedTuple):
    """When an event starts."""

    #: aware; an all-day event starts at midnight in any zone
    moment: datetime
    is_all_day: bool
    #: the name of the event's time zone if that zone is not known
    unknown_zone: str = ""
    #: the name of the zone in which the event was made; empty if it is not known
    original_zone: str = ""


def names(*raw: str) -> Names:
    """Return the names by their folded form."""
    return {fold(name): name for name in raw}


class EventFacts:
    """The facts of one event at one moment.

    `internal` are the company's domains, None if they are not known. `members`, `lists` and
    `department` are those of `People`. Every link to one of the `meeting_hosts` is a join link; with
    `look_in_body`, links in the body count.
    """

    def __init__(
        self,
        event: Event,
        *,
        internal: Domains | None,
        now: datetime,
        members: Mapping[str, frozenset[str]] = NO_MEMBERS,
        lists: frozenset[str] = frozenset(),
        department: str | None = None,
        meeting_hosts: Domains = NO_DOMAINS,
        look_in_body: bool = False,
    ) -> None:
        self.event = event
        self.internal = internal
        self.now = now
        self.members = members
        self.lists = lists
        self.department = department
        self.meeting_hosts = meeting_hosts
        self.look_in_body = look_in_body

    @cached_property
    def invitees(self) -> tuple[Invitee, ...]:
        """All invited people and resources without the organizer."""
        return invitees(self.event, self._is_internal)

    @cached_property
    def attendees(self) -> Count:
        """How many people are invited, without rooms and the organizer.

        Only `high` counts an invitee who may not be a person, or may be the same person as another.
        """
        return _count(
            (invitee, True) for invitee in self.invitees if invitee.kind is not InviteeKind.RESOURCE
        )

    @cached_property
    def attendee(self) -> People:
        """The invited people. One who is listed as a resource is not certain: people hide guests that way."""
        rooms = room_addresses(self.event)
        found: dict[str, Person] = {}
        nameless = []
        for invitee in self.invitees:
            address = invitee.person.address
            if not address:
                nameless.append(invitee.person)
            elif address not in rooms and (invitee.is_certain or address not in found):
                found[address] = invitee.person._replace(is_certain=invitee.is_certain)
        return People((*found.values(), *nameless), self.members, self.lists)

    @cached_property
    def organizer(self) -> People:
        """The organizer."""
        return People((person(self.event.organizer),), self.members, self.lists, self.department)

    @cached_property
    def external_attendees(self) -> Count:
        """How many external people are invited. Only `high` counts those that may be internal."""
        people = (invitee for invitee in self.invitees if invitee.kind is not InviteeKind.RESOURCE)
        return _count((invitee, self.is_external(invitee.person)) for invitee in people)

    def is_external(self, invited: Person) -> Truth:
        """Whether a person is external; None if their domain, or the company's, is not known.

        For a guest account, the domain in the guest's own tenant decides. If that is not known, the guest is
        external.
        """
        home = home_address(invited.address)
        if invited.domain is None or is_guest(home):
            return True if is_guest(invited.address) and read_address(invited.address) else None
        return None if self.internal is None else invited.domain not in self.internal

    def _is_internal(self, invited: Person) -> bool:
        """Whether an address is in the company's domains; while these are not known, in the organizer's."""
        if invited.domain is None:
            return False
        if self.internal is None:
            return invited.domain == person(self.event.organizer).domain
        return invited.domain in self.internal

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
        """The availability shown to others."""
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
        """Whether a room is invited and has not declined, or is the place; None: unknown."""
        return has_room(self.event, self.invitees)

    @cached_property
    def has_location(self) -> bool:
        """Whether any place has a name."""
        return any(place.display_name.strip() for place in self.event.locations)

    @cached_property
    def has_other_join_link(self) -> Truth:
        """Whether subject, places or body have a join link already; None: unknown, such as an unread body."""
        found = other_join_link(self.event, look_in_body=self.look_in_body, hosts=self.meeting_hosts)
        if found is None:
            return None if self.look_in_body and self.event.body is None else False
        return True if found.is_certain else None

    @cached_property
    def is_all_day(self) -> bool:
        """Whether the event lasts whole days."""
        return self.event.is_all_day

    @cached_property
    def is_recurring(self) -> bool:
        """Whether the event is a series or part of one."""
        return self.event.type != "singleInstance" or self.event.recurrence is not None

    @cached_property
    def duration(self) -> timedelta:
        """From start to end; for a series, of one occurrence."""
        return self.event.end - self.event.start

    @cached_property
    def starts_in(self) -> timedelta | None:
        """From now to the start, below zero after it; for a series, the start of the first occurrence.

        None if the event's time zone is not known.
        """
        return None if self.event.unknown_zone else self.event.start - self.now

    @cached_property
    def starts_between(self) -> Start:
        """When the event starts; for a series, the start of the first occurrence."""
        event = self.event
        series_zone = event.recurrence.time_zone if event.recurrence else ""
        return Start(event.start, event.is_all_day, event.unknown_zone, event.original_zone or series_zone)

    @property
    def starts_on(self) -> Start:
        """The same, for the day on which the event starts."""
        return self.starts_between

    @cached_property
    def rollout(self) -> str:
        """The organizer's address in lower case, whose hash decides whether the organizer is in a share."""
        return person(self.event.organizer).address.lower()


def _count(people: Iterable[tuple[Invitee, Truth]]) -> Count:
    """Return how many people there are. Each invitee comes with whether it counts; an address counts once.

    An invitee without an address counts as one more person.
    """
    sure: set[str] = set()
    possible: set[str] = set()
    nameless, maybe_nameless = 0, 0
    for invitee, counts in people:
        if counts is False:
            continue
        is_sure = counts is True and invitee.kind is InviteeKind.PERSON
        if not invitee.person.address:
            nameless += is_sure
            maybe_nameless += 1
            continue
        possible.add(invitee.person.address)
        if is_sure:
            # A plus address and a guest account are the same person as the plain address.
            sure.add(untagged(home_address(invitee.person.address)))
    return Count(len(sure) + nameless, len(possible) + maybe_nameless)
