"""Contoso: its people, their Outlook clients, and what they do to their meetings."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from typing import Any

import httpx

from sandbox.demo.journal import Journal
from sandbox.demo.record import Key, is_final
from sandbox.faults.at_stand_in import stand_in_fault
from sandbox.graph import DirectoryUser
from sandbox.stage import Stage

#: Long enough for a slow machine; the demo only waits this long if something is wrong.
PATIENCE_SECONDS = 30
TEAMS, SKYPE = "teamsForBusiness", "skypeForBusiness"

#: Everyone with a calendar, and how their mailbox differs from the default.
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "Ada Lund": {},
    "Ben Okafor": {},
    "Cleo Marin": {},
    "Dora Weiss": {},
    "Emil Sand": {},
    "Finn Berg": {"default_provider": SKYPE, "allowed_providers": (SKYPE, TEAMS)},
    "Gina Rossi": {"default_provider": "unknown", "allowed_providers": ()},
    "Hugo Blanc": {"honors_online_meeting": False},
    "Ines Prado": {"join_url_delay": timedelta(seconds=40)},
    "Jan Novak": {},
    "Kim Sato": {},
    "Lars Holm": {},
    "Mona Adler": {},
    "Nils Varga": {},
}
#: The name of a second calendar, by its owner.
SECOND_CALENDARS: Mapping[str, str] = {"Lars Holm": "Project"}
#: Accounts that Joinlink can't watch.
WITHOUT_CALENDAR = ("a room", "a guest", "a user without a licence")


class Missed(Enum):
    """Why Graph sends no notification about a meeting."""

    #: Graph loses the notifications
    LOST = "lost"
    #: Graph has removed the subscription, and its lifecycle notification has not arrived yet
    UNSUBSCRIBED = "unsubscribed"
    #: it is in a second calendar, and Graph notifies about the default one only
    SECOND_CALENDAR = "second calendar"


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """An event in its owner's mailbox; `exceptions` are the ids of occurrences that were changed."""

    owner: DirectoryUser
    event: str
    exceptions: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """Mailbox and event, as log lines and calls name them."""
        return self.owner.id, self.event


class Contoso:
    """The people on the stage. Call `close` at the end."""

    def __init__(self, stage: Stage, journal: Journal) -> None:
        self._graph = stage.graph
        self._journal = journal
        self._client = httpx.Client(base_url=f"{stage.graph_url}/v1.0", trust_env=False)
        self._users = {
            name: self._graph.add_user(name, f"{name.split()[0].lower()}@contoso.com", **traits)
            for name, traits in PEOPLE.items()
        }
        self._second_calendars = {
            self._users[name].id: self._graph.add_calendar(self._users[name].id, calendar)
            for name, calendar in SECOND_CALENDARS.items()
        }
        self._graph.add_user("Atrium", "atrium@contoso.com", kind="room")
        self._graph.add_guest("Olga Lindt", "olga@northwind.com")
        self._graph.add_user("Paul Reyes", "paul@contoso.com", mailbox=False)
        self._created: dict[str, CalendarEntry] = {}
        #: mails that people's own changes caused, by event
        self.mails: Counter[str] = Counter()

    @property
    def calendars(self) -> frozenset[str]:
        """The mailboxes that Joinlink must watch, by object id."""
        return frozenset(user.id for user in self._users.values())

    @property
    def with_two_calendars(self) -> frozenset[str]:
        """The mailboxes with a second calendar, by object id."""
        return frozenset(self._second_calendars)

    def close(self) -> None:
        """Close the clients."""
        self._client.close()

    def create(self, who: str, body: Mapping[str, Any], missed: Missed | None = None) -> CalendarEntry:
        """Create a meeting as its organizer's client does; with `missed`, Graph sends no notification."""
        owner = self._users[who]
        usual = self._graph.delivery
        if missed is Missed.UNSUBSCRIBED:
            self._graph.remove_subscription(self._subscription(owner))
        if missed is Missed.LOST:
            self._graph.delivery = replace(usual, lose_changes=1.0)
        second = missed is Missed.SECOND_CALENDAR
        path = f"calendars/{self._second_calendars[owner.id]}/events" if second else "events"
        answer = self._request("POST", owner, path, json=body).raise_for_status()
        self._graph.delivery = usual
        self._created[body["subject"]] = entry = CalendarEntry(owner, answer.json()["id"])
        return entry

    def find_copy(self, who: str, subject: str) -> CalendarEntry:
        """Return an attendee's copy of a meeting."""
        owner = self._users[who]
        answer = self._request("GET", owner, "events", params={"$top": "50"}).raise_for_status()
        found = next(event["id"] for event in answer.json()["value"] if event["subject"] == subject)
        return CalendarEntry(owner, found)

    def entry(self, subject: str) -> CalendarEntry:
        """Return the organizer's entry of the meeting with this subject."""
        return self._created[subject]

    def link_provider(self, entry: CalendarEntry) -> str | None:
        """Return the provider of the event's join link, None if it has no link or no longer exists.

        A series has a link only if each of its changed occurrences has it too.
        """
        providers = {self._link_provider(entry.owner, event) for event in (entry.event, *entry.exceptions)}
        return providers.pop() if len(providers) == 1 else None

    def cancel(self, entry: CalendarEntry) -> None:
        """Cancel the meeting as its organizer."""
        self._graph.people.cancel(*entry.key)

    def delete(self, entry: CalendarEntry) -> None:
        """Delete the event as its owner."""
        self._graph.people.delete(*entry.key)

    def remove_link(self, entry: CalendarEntry) -> None:
        """Remove the join link as the organizer."""
        with self._counting_mails(entry):
            self._graph.people.remove_link(*entry.key)

    def rename(self, entry: CalendarEntry, subject: str) -> None:
        """Change the subject as the organizer."""
        with self._counting_mails(entry):
            self._graph.people.edit(*entry.key, subject=subject)

    def move_occurrence(self, entry: CalendarEntry, index: int, location: str) -> None:
        """Move one occurrence of a series, counted from 0, to another place as the organizer."""
        with self._counting_mails(entry):
            place = {"displayName": location}
            entry.exceptions.append(self._graph.people.change_occurrence(*entry.key, index, location=place))

    def add_fault(self, entry: CalendarEntry, kind: str, **more: Any) -> None:
        """Make Joinlink's calls about this event fail (`sandbox.faults`)."""
        self._graph.faults.add(stand_in_fault(kind, path=re.escape(entry.event), **more))

    def add_mailbox_fault(self, entry: CalendarEntry, kind: str, **more: Any) -> None:
        """Make Joinlink's calls to this mailbox fail."""
        self._graph.faults.add(stand_in_fault(kind, path=f"/users/{entry.owner.id}/", **more))

    def request_reauthorization(self, who: str) -> None:
        """Send Graph's lifecycle notification that the subscription to a calendar needs reauthorization."""
        self._graph.send_lifecycle(self._subscription(self._users[who]), "reauthorizationRequired")

    def wait_for_decision(self, entry: CalendarEntry) -> None:
        """Wait until Joinlink has decided on this event."""
        self._journal.wait_for(
            lambda line: (
                line["event"] == "event.decided"
                and (line["mailbox"], line["event_id"]) == entry.key
                and is_final(line)
            ),
            PATIENCE_SECONDS,
        )

    def _subscription(self, owner: DirectoryUser) -> str:
        return next(one.id for _row, one in self._graph.subscriptions.active() if one.mailbox == owner.id)

    def _link_provider(self, owner: DirectoryUser, event: str) -> str | None:
        answer = self._request("GET", owner, f"events/{event}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        found = answer.raise_for_status().json()
        has_link = found["isOnlineMeeting"] and (found["onlineMeeting"] or {}).get("joinUrl")
        return str(found["onlineMeetingProvider"]) if has_link else None

    def _request(self, method: str, owner: DirectoryUser, path: str, **options: Any) -> httpx.Response:
        headers = {**self._graph.as_user(owner), "Prefer": 'IdType="ImmutableId"'}
        return self._client.request(method, f"/users/{owner.id}/{path}", headers=headers, **options)

    @contextmanager
    def _counting_mails(self, entry: CalendarEntry) -> Iterator[None]:
        """Count the mails that a person's change causes; Joinlink does not write to the event meanwhile."""
        before = Counter(mail.event for mail in self._graph.mails)
        yield
        caused = Counter(mail.event for mail in self._graph.mails) - before
        self.mails.update({event: caused[event] for event in (entry.event, *entry.exceptions)})
