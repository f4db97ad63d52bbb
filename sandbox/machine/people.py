"""What people do with their meetings, with a record of every state of every meeting."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sandbox.graph import StandIn
from sandbox.graph.errors import Refusal
from sandbox.machine.record import EventState, MeetingRecord
from sandbox.promises import LinkRemoved

_AHEAD = timedelta(days=20)
_OUTSIDE, _OPTED_OUT = "bo@fabrikam.com", "Review [no link]"


class OwnerAct(StrEnum):
    """What a person does to a meeting."""

    EDIT = "edit"
    OPT_OUT = "opt out"
    OPT_IN = "opt in"
    INVITE_OUTSIDE = "invite outside"
    INVITE_INSIDE = "invite inside"
    #: somebody answers: the event has another version
    ANSWER = "answer"
    MOVE_TIME = "move time"
    MOVE_CALENDAR = "move calendar"
    REMOVE_LINK = "remove link"
    ADD_LINK = "add link"
    #: one occurrence of a series gets another time
    MOVE_OCCURRENCE = "move occurrence"
    CANCEL = "cancel"
    DELETE = "delete"


class Organizers:
    """Two people (`users`), each with a further calendar. `events` are their meetings by id."""

    def __init__(self, graph: StandIn, now: Callable[[], datetime]) -> None:
        self.events: dict[str, MeetingRecord] = {}
        self._graph = graph
        self._now = now
        self.users = [graph.add_user(f"P{n}", f"p{n}@contoso.com") for n in range(2)]
        self._calendars = [
            (self._default_calendar(user.id), graph.add_calendar(user.id, "Project")) for user in self.users
        ]
        self._by_copy: dict[str, MeetingRecord] = {}
        self._by_occurrence: dict[str, MeetingRecord] = {}

    def create(
        self, owner: int, *, is_external: bool, is_opted_out: bool = False, is_series: bool = False
    ) -> str:
        """Have a person create a meeting, or a weekly series of three; return its id."""
        day = self._now() + _AHEAD
        event = self._graph.people.create(
            self.users[owner].id,
            subject=_OPTED_OUT if is_opted_out else "Review",
            start={"dateTime": f"{day:%Y-%m-%d}T09:00:00", "timeZone": "UTC"},
            end={"dateTime": f"{day:%Y-%m-%d}T10:00:00", "timeZone": "UTC"},
            attendees=self._guests(owner, is_external=is_external),
            **(_weekly(day) if is_series else {}),
        )
        state = EventState(is_external=is_external, is_opted_out=is_opted_out)
        uid = self._graph.mailboxes.find(self.users[owner].id, event).uid
        self.events[event] = MeetingRecord(event, owner, [(self._now(), state)], uid, is_series)
        return event

    def do(self, event: str, act: OwnerAct) -> None:
        """Have the owner do something. What is not possible now does nothing."""
        record = self.events[event]
        before = record.now
        is_possible = {
            OwnerAct.REMOVE_LINK: before.is_online,
            OwnerAct.MOVE_OCCURRENCE: record.is_series,
            OwnerAct.ADD_LINK: not before.is_online and not before.is_cancelled,
        }
        if before.is_gone or not is_possible.get(act, True):
            return
        with suppress(Refusal):
            self._act(record, act)
        flags: dict[OwnerAct, dict[str, bool]] = {
            OwnerAct.OPT_OUT: {"is_opted_out": True},
            OwnerAct.OPT_IN: {"is_opted_out": False},
            OwnerAct.INVITE_OUTSIDE: {"is_external": True},
            OwnerAct.INVITE_INSIDE: {"is_external": False},
            OwnerAct.CANCEL: {"is_cancelled": True},
            OwnerAct.DELETE: {"is_gone": True},
        }
        record.changes.append(self._now())
        self.look(record, **flags.get(act, {}))
        if before.is_online and not record.now.is_online:
            record.was_removed = True
            if record.is_known_online:
                record.steps.append(LinkRemoved())

    def look(self, record: MeetingRecord, **flags: bool) -> None:
        """Record the state of a meeting now."""
        state = replace(record.now, **flags)
        if not state.is_gone:
            copy = self._graph.mailboxes.find(self.users[record.owner].id, record.id)
            state = replace(state, is_online=copy.online is not None)
        if state != record.now:
            record.states.append((self._now(), state))

    def event_of(self, mailbox: str, event: str) -> tuple[MeetingRecord | None, bool]:
        """Return the meeting with this id in a mailbox, and whether it is an attendee's copy."""
        if event in self.events:
            return self.events[event], False
        if event in self._by_occurrence:
            return self._by_occurrence[event], False
        if event not in self._by_copy:
            with suppress(Refusal):
                uid = self._graph.mailboxes.find(mailbox, event).uid
                for record in self.events.values():
                    if record.uid == uid:
                        self._by_copy[event] = record
        return self._by_copy.get(event), True

    def mailbox(self, record: MeetingRecord) -> str:
        """Return the object id of the person that owns a meeting."""
        return self.users[record.owner].id

    @property
    def watched(self) -> set[int | None]:
        """The numbers of the people whose mailboxes have a subscription."""
        return {self.number_of(one.mailbox) for _, one in self._graph.subscriptions.active()}

    def number_of(self, mailbox: str) -> int | None:
        """Return the number of the person with this object id, None if it is another's."""
        return next((number for number, user in enumerate(self.users) if user.id == mailbox), None)

    def _act(self, record: MeetingRecord, act: OwnerAct) -> None:  # noqa: C901 -- one case for each act
        people, owner, event = self._graph.people, self.mailbox(record), record.id
        subject = _OPTED_OUT if act is OwnerAct.OPT_OUT else "Review"
        match act:
            case OwnerAct.EDIT:
                people.edit(owner, event, importance="high")
            case OwnerAct.OPT_OUT | OwnerAct.OPT_IN:
                people.edit(owner, event, subject=subject)
            case OwnerAct.INVITE_OUTSIDE | OwnerAct.INVITE_INSIDE:
                guests = self._guests(record.owner, is_external=act is OwnerAct.INVITE_OUTSIDE)
                people.edit(owner, event, attendees=guests)
            case OwnerAct.ANSWER:
                people.drift(owner, event)
            case OwnerAct.MOVE_TIME:
                people.edit(owner, event, **self._later(record))
            case OwnerAct.MOVE_CALENDAR:
                here = self._graph.mailboxes.find(owner, event).calendar
                people.move_to_calendar(
                    owner, event, next(c for c in self._calendars[record.owner] if c != here)
                )
            case OwnerAct.REMOVE_LINK:
                people.remove_link(owner, event)
            case OwnerAct.ADD_LINK:
                people.edit(owner, event, isOnlineMeeting=True)
            case OwnerAct.MOVE_OCCURRENCE:
                moved = people.change_occurrence(owner, event, 1, **self._later(record))
                self._by_occurrence[moved] = record
            case OwnerAct.CANCEL:
                people.cancel(owner, event)
            case OwnerAct.DELETE:
                people.delete(owner, event)

    def _later(self, record: MeetingRecord) -> dict[str, Any]:
        day = self._now() + _AHEAD + timedelta(days=len(record.changes) % 5)
        return {
            "start": {"dateTime": f"{day:%Y-%m-%d}T14:00:00", "timeZone": "UTC"},
            "end": {"dateTime": f"{day:%Y-%m-%d}T15:00:00", "timeZone": "UTC"},
        }

    def _guests(self, owner: int, *, is_external: bool) -> list[dict[str, Any]]:
        inside = f"p{1 - owner}@contoso.com"
        addresses = [inside, _OUTSIDE] if is_external else [inside]
        return [{"type": "required", "emailAddress": {"address": address}} for address in addresses]

    def _default_calendar(self, user: str) -> str:
        return self._graph.mailboxes.of(user).default_calendar.id


def _weekly(first: datetime) -> dict[str, Any]:
    pattern = {
        "type": "weekly",
        "interval": 1,
        "daysOfWeek": [f"{first:%A}".lower()],
        "firstDayOfWeek": "monday",
    }
    series = {"type": "numbered", "startDate": f"{first:%Y-%m-%d}", "numberOfOccurrences": 3}
    return {"recurrence": {"pattern": pattern, "range": series}}
