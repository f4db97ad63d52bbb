"""Contoso: its people, their Outlook clients, and what they do to their meetings."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

import httpx

from sandbox.demo.journal import Journal, Line
from sandbox.graph import Fault, User
from sandbox.stage import Stage
from shared.domain.decision import Outcome

if TYPE_CHECKING:
    from sandbox.demo.scenes import Scene

#: Long enough for the slowest machine; nobody waits so long where all is well.
PATIENCE_SECONDS = 30
_TEAMS, _SKYPE = "teamsForBusiness", "skypeForBusiness"

#: Everybody who keeps a calendar, with what is special about it.
CAST: Mapping[str, Mapping[str, Any]] = {
    "Ada Lund": {},
    "Ben Okafor": {},
    "Cleo Marin": {},
    "Dora Weiss": {},
    "Emil Sand": {},
    "Finn Berg": {"default_provider": _SKYPE, "allowed_providers": (_SKYPE, _TEAMS)},
    "Gina Rossi": {"default_provider": "unknown", "allowed_providers": ()},
    "Hugo Blanc": {"honors_online_meeting": False},
    "Ines Prado": {"join_url_delay": timedelta(seconds=40)},
    "Jan Novak": {},
    "Kim Sato": {},
    "Lars Holm": {},
    "Mona Adler": {},
    "Nils Varga": {},
}


class Unheard(Enum):
    """Why no notification tells of a meeting."""

    #: Graph loses every one of them
    LOST = "lost"
    #: Graph has removed the subscription, and its word of that is still on its way
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Meeting:
    """A scene's event in its owner's mailbox; `exceptions` are ids of occurrences changed on their own."""

    scene: "Scene"
    owner: User
    event: str
    exceptions: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        """Mailbox and event, as log lines and calls name them."""
        return self.owner.id, self.event


class Contoso:
    """The people of the stage. Call `close` when they go home."""

    def __init__(self, stage: Stage, journal: Journal) -> None:
        self._graph = stage.graph
        self._journal = journal
        self._client = httpx.Client(base_url=f"{stage.graph_url}/v1.0", trust_env=False)
        self._users = {name: self._hire(name, traits) for name, traits in CAST.items()}
        #: what else stands in the directory and has no calendar to watch
        self.parked = self._fill_directory()
        self.meetings: list[Meeting] = []
        #: mails that people's own changes caused, by event
        self.mails: Counter[str] = Counter()

    @property
    def calendars(self) -> frozenset[str]:
        """The mailboxes that are to be watched, by object id."""
        return frozenset(user.id for user in self._users.values())

    def close(self) -> None:
        """Close their clients."""
        self._client.close()

    def plan(self, scene: "Scene") -> Meeting:
        """Have a scene's owner make the meeting, as their client would; or find their copy of another's."""
        owner = self._users[scene.who]
        with self._deaf(owner, scene.unheard):
            event = self._copy(owner, scene.copy_of) if scene.copy_of else self._create(owner, scene)
        meeting = Meeting(scene, owner, event)
        self.meetings.append(meeting)
        scene.prepare(self, meeting)
        return meeting

    def meeting(self, subject: str) -> Meeting:
        """Return the meeting with this subject, the organizer's where there are copies."""
        return next(one for one in self.meetings if one.scene.subject == subject and not one.scene.copy_of)

    def link_of(self, meeting: Meeting) -> str | None:
        """Return the provider of the event's join link, None where it has none (or is no more).

        A series has a link only if each of its changed occurrences shows it.
        """
        shown = {self._shown_link(meeting.owner, event) for event in (meeting.event, *meeting.exceptions)}
        return shown.pop() if len(shown) == 1 else None

    def cancel(self, meeting: Meeting) -> None:
        """Have the organizer cancel the meeting."""
        self._graph.people.cancel(*meeting.key)

    def delete(self, meeting: Meeting) -> None:
        """Have the owner delete the event."""
        self._graph.people.delete(*meeting.key)

    def remove_link(self, meeting: Meeting) -> None:
        """Have the organizer delete the join block."""
        with self._mails_of(meeting):
            self._graph.people.remove_link(*meeting.key)

    def rename(self, meeting: Meeting, subject: str) -> None:
        """Have the organizer give it another subject."""
        with self._mails_of(meeting):
            self._graph.people.edit(*meeting.key, subject=subject)

    def move_occurrence(self, meeting: Meeting, index: int, location: str) -> None:
        """Have the organizer move one occurrence of a series, counted from 0, to another place."""
        with self._mails_of(meeting):
            meeting.exceptions.append(
                self._graph.people.change_occurrence(*meeting.key, index, location={"displayName": location})
            )

    def trouble(self, meeting: Meeting, **properties: Any) -> None:
        """Put a fault in force for the app's calls about this event."""
        self._graph.faults.add(Fault(path=re.escape(meeting.event), **properties))

    def trouble_mailbox(self, meeting: Meeting, **properties: Any) -> None:
        """Put a fault in force for the app's calls to this mailbox."""
        self._graph.faults.add(Fault(path=f"/users/{meeting.owner.id}/", **properties))

    def ask_to_reauthorize(self, who: str) -> None:
        """Have Graph say that the subscription to somebody's calendar wants to be reauthorized."""
        self._graph.send_lifecycle(self._subscription(self._users[who]), "reauthorizationRequired")

    def await_decision(self, meeting: Meeting) -> None:
        """Wait until the app has decided on this event."""
        self._journal.wait_for(lambda line: _is_decision(line, meeting.key), PATIENCE_SECONDS)

    def _hire(self, name: str, traits: Mapping[str, Any]) -> User:
        return self._graph.add_user(name, f"{name.partition(' ')[0].lower()}@contoso.com", **traits)

    def _fill_directory(self) -> tuple[str, ...]:
        # Entra makes the accounts of rooms disabled.
        self._graph.add_user("Atrium", "atrium@contoso.com", kind="room", enabled=False)
        self._graph.add_guest("Olga Lindt", "olga@northwind.com")
        self._graph.add_user("Paul Reyes", "paul@contoso.com", mailbox=False)
        return "a room", "a guest", "somebody without a licence"

    @contextmanager
    def _deaf(self, owner: User, unheard: Unheard | None) -> Iterator[None]:
        """Have no notification tell of what happens in the block, for this reason if there is one."""
        usual = self._graph.delivery
        if unheard is Unheard.GAP:
            self._graph.remove_subscription(self._subscription(owner))
        if unheard is Unheard.LOST:
            self._graph.delivery = replace(usual, lose_changes=1.0)
        yield
        self._graph.delivery = usual

    def _subscription(self, owner: User) -> str:
        """Return Graph's id of the subscription to a calendar."""
        return next(one.id for _row, one in self._graph.subscriptions.active() if one.mailbox == owner.id)

    def _create(self, owner: User, scene: "Scene") -> str:
        answer = self._ask("POST", owner, "events", json=scene.body())
        answer.raise_for_status()
        return str(answer.json()["id"])

    def _copy(self, owner: User, subject: str) -> str:
        answer = self._ask("GET", owner, "events", params={"$top": "50"})
        answer.raise_for_status()
        return next(str(event["id"]) for event in answer.json()["value"] if event["subject"] == subject)

    def _shown_link(self, owner: User, event: str) -> str | None:
        answer = self._ask("GET", owner, f"events/{event}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        shown = answer.raise_for_status().json()
        has_link = shown["isOnlineMeeting"] and (shown["onlineMeeting"] or {}).get("joinUrl")
        return str(shown["onlineMeetingProvider"]) if has_link else None

    def _ask(self, method: str, owner: User, path: str, **rest: Any) -> httpx.Response:
        headers = {**self._graph.as_user(owner), "Prefer": 'IdType="ImmutableId"'}
        return self._client.request(method, f"/users/{owner.id}/{path}", headers=headers, **rest)

    @contextmanager
    def _mails_of(self, meeting: Meeting) -> Iterator[None]:
        """Count the mails that a person's change causes; the app does not write to the meeting meanwhile."""
        before = Counter(mail.event for mail in self._graph.mails)
        yield
        caused = Counter(mail.event for mail in self._graph.mails) - before
        self.mails.update({event: caused[event] for event in (meeting.event, *meeting.exceptions)})


def _is_decision(line: Line, key: tuple[str, str]) -> bool:
    return (
        line["event"] == "event.decided"
        and (line["mailbox"], line["event_id"]) == key
        and line["outcome"] not in {Outcome.DELAYED, Outcome.SUPERSEDED}
    )
