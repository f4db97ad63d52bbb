"""The demo's day: what people do, and the outcome that each meeting must have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from sandbox.demo.contoso import SKYPE, TEAMS, CalendarEntry, Contoso, Missed
from sandbox.demo.texts import Ending
from shared.domain.decision import Outcome, Reason

GUEST = "bo@fabrikam.com"

_ADDED = ((Outcome.ENABLED, Reason.LINK_ADDED),)
_CONFIRMED = ((Outcome.ENABLED, Reason.LINK_CONFIRMED),)


def _skipped(reason: Reason) -> tuple[Ending, ...]:
    return ((Outcome.SKIPPED, reason),)


@dataclass(frozen=True, slots=True)
class DemoScene:
    """One meeting, and its expected result.

    `endings` are the outcomes that it must have, in order, without echoes and copies. `link` is the provider
    of the join link that it must have in Graph at the end of the day. `prepare` runs before Graph sends any
    notification of the meeting. If Graph sends none, `missed` says why: only a sweep finds the meeting.
    """

    who: str
    subject: str
    situation: str
    endings: tuple[Ending, ...]
    link: str | None = None
    guests: tuple[str, ...] = (GUEST,)
    #: properties of the event that differ from `body`
    properties: Mapping[str, Any] = field(default_factory=dict)
    missed: Missed | None = None
    #: the entry is the owner's copy of another person's meeting with the same subject
    is_copy: bool = False
    prepare: Callable[[Contoso, CalendarEntry], object] = lambda _contoso, _entry: None

    def body(self) -> dict[str, Any]:
        """Return the event as the organizer's client sends it to Graph."""
        return {
            "subject": self.subject,
            "start": {"dateTime": "2026-11-24T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-11-24T10:45:00", "timeZone": "UTC"},
            "attendees": [{"type": "required", "emailAddress": {"address": guest}} for guest in self.guests],
            **self.properties,
        }


@dataclass(frozen=True, slots=True)
class PlayedScene:
    """A scene and the calendar entry that was created for it."""

    scene: DemoScene
    entry: CalendarEntry

    @property
    def name(self) -> str:
        """Who and what, for a person."""
        return f"{self.scene.who}, {self.scene.subject!r}"


@dataclass(frozen=True, slots=True)
class Act:
    """What happens from a time of the day: new meetings, then changes to earlier ones."""

    at: time
    title: str
    scenes: tuple[DemoScene, ...] = ()
    changes: tuple[Callable[[Contoso], object], ...] = ()


def _decide_copy_first(contoso: Contoso, copy: CalendarEntry) -> None:
    """Hold Graph's answer about the original until the copy is decided, a possible order of events."""
    contoso.add_fault(contoso.entry(REVIEW), "read slow", meanwhile=lambda: contoso.wait_for_decision(copy))


def _edit_during_write(contoso: Contoso, entry: CalendarEntry) -> None:
    contoso.add_fault(
        entry, "write raced by an edit, 412", meanwhile=lambda: contoso.rename(entry, "Roadmap 2027")
    )


def _throttle(contoso: Contoso, entry: CalendarEntry) -> None:
    contoso.add_mailbox_fault(entry, "read 429 without Retry-After", count=2, headers={"Retry-After": "30"})


def _make_unavailable(contoso: Contoso, entry: CalendarEntry) -> None:
    contoso.add_fault(entry, "read 503", count=3)


def _lose_answer(contoso: Contoso, entry: CalendarEntry) -> None:
    contoso.add_fault(entry, "write lost after")


REVIEW, PRICES, WEEKLY = "Quarterly review", "Price talks", "Weekly with Fabrikam"

_IN_A_ROOM = {
    "attendees": [
        {"type": "required", "emailAddress": {"address": GUEST}},
        {"type": "resource", "emailAddress": {"address": "atrium@contoso.com"}},
    ],
    "location": {"displayName": "Atrium", "locationEmailAddress": "atrium@contoso.com"},
}
_ALL_DAY = {
    "isAllDay": True,
    "start": {"dateTime": "2026-11-25T00:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2026-11-26T00:00:00", "timeZone": "UTC"},
}
_ONLINE = {"isOnlineMeeting": True, "onlineMeetingProvider": TEAMS}
_ZOOM = {"location": {"displayName": "https://fabrikam.zoom.us/j/5551234567"}}
_AGENDA = "Dear all, this is what we want to talk about, point by point. " * 10
_ZOOM_BELOW = {
    "body": {"contentType": "text", "content": f"{_AGENDA}\nhttps://fabrikam.zoom.us/j/5551234567"},
}
_TUESDAYS = {
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
        "range": {"type": "numbered", "startDate": "2026-11-24", "numberOfOccurrences": 6},
    }
}
_NO_RULE = _skipped(Reason.NO_RULE_MATCHED)
_PRIVATE = {"sensitivity": "private"}

# fmt: off
DAY = (
    Act(time(8, 30), "Joinlink finds the calendars to watch"),
    Act(time(9), "The morning's invitations", (
        DemoScene("Ada Lund", REVIEW, "an external guest", _ADDED, TEAMS, (GUEST, "ben@contoso.com")),
        DemoScene("Ben Okafor", REVIEW, "an attendee's copy", _skipped(Reason.NOT_ORGANIZER), TEAMS,
                  is_copy=True, prepare=_decide_copy_first),
        DemoScene("Ben Okafor", "Team meeting", "colleagues only", _NO_RULE, guests=("ada@contoso.com",)),
        DemoScene("Cleo Marin", "Lunch [no link]", "the organizer opted out", _skipped(Reason.RULE_SKIP)),
        DemoScene("Cleo Marin", "Contract matters", "private", _NO_RULE, properties=_PRIVATE),
        DemoScene("Dora Weiss", "Board visit", "in a room", _NO_RULE, properties=_IN_A_ROOM),
    )),
    Act(time(9, 40), "Online meetings, all-day events and a series", (
        DemoScene("Dora Weiss", "Demo for Northwind", "online from the start",
                  _skipped(Reason.ALREADY_ONLINE), TEAMS, properties=_ONLINE),
        DemoScene("Emil Sand", "Sync with Fabrikam", "a Zoom link as location",
                  _skipped(Reason.OTHER_JOIN_LINK), properties=_ZOOM),
        DemoScene("Emil Sand", "Launch", "a Zoom link far down in the body",
                  _skipped(Reason.OTHER_JOIN_LINK), properties=_ZOOM_BELOW),
        DemoScene("Emil Sand", "Trade fair", "all day", _NO_RULE, properties=_ALL_DAY),
        DemoScene("Ada Lund", "Interview: engineer", "a rule in report mode",
                  ((Outcome.WOULD_ENABLE, Reason.REPORT_MODE),), guests=("cleo@contoso.com",)),
        DemoScene("Ben Okafor", WEEKLY, "a series; one day moves", _ADDED, TEAMS, properties=_TUESDAYS),
    )),
    Act(time(10, 30), "People change their minds", (
        DemoScene("Cleo Marin", "Kick-off", "cancelled at once", _skipped(Reason.CANCELLED),
                  prepare=Contoso.cancel),
        DemoScene("Dora Weiss", "Coffee with Bo", "deleted at once", ((Outcome.GONE, Reason.NOT_FOUND),),
                  prepare=Contoso.delete),
        DemoScene("Emil Sand", "Roadmap", "edited meanwhile (412)", _ADDED, TEAMS,
                  prepare=_edit_during_write),
        DemoScene("Ada Lund", PRICES, "she removes the link", (*_ADDED, *_skipped(Reason.REMOVED_BY_USER))),
    )),
    Act(time(11, 15), "Calendars with other providers", (
        DemoScene("Finn Berg", "Support review", "Skype by default", _ADDED, SKYPE),
        DemoScene("Gina Rossi", "Site visit", "no provider", _skipped(Reason.NO_PROVIDER)),
        DemoScene("Hugo Blanc", "Tender", "Graph adds no link",
                  ((Outcome.NOT_HONORED, Reason.NO_JOIN_LINK),)),
        DemoScene("Ines Prado", "Design review", "the link comes 40 s late", _CONFIRMED, TEAMS),
    )),
    Act(time(12, 10), "Graph sends no notifications of some meetings", (
        DemoScene("Ada Lund", "Press call", "notifications lost", _ADDED, TEAMS, missed=Missed.LOST),
        DemoScene("Nils Varga", "Handover", "all notifications lost", _ADDED, TEAMS, missed=Missed.LOST),
        DemoScene("Mona Adler", "Audit", "no subscription", _ADDED, TEAMS, missed=Missed.UNSUBSCRIBED),
        DemoScene("Lars Holm", "Site inspection", "in a second calendar", _ADDED, TEAMS,
                  missed=Missed.SECOND_CALENDAR),
    ), (lambda contoso: contoso.request_reauthorization("Kim Sato"),)),
    Act(time(13, 30), "Graph returns errors", (
        DemoScene("Jan Novak", "Fitting 1", "throttled (429)", _ADDED, TEAMS, prepare=_throttle),
        DemoScene("Jan Novak", "Fitting 2", "throttled (429)", _ADDED, TEAMS, prepare=_throttle),
        DemoScene("Jan Novak", "Fitting 3", "throttled (429)", _ADDED, TEAMS, prepare=_throttle),
        DemoScene("Kim Sato", "Budget", "503, three times", _ADDED, TEAMS, prepare=_make_unavailable),
        DemoScene("Lars Holm", "Delivery dates", "a lost answer to a PATCH", _CONFIRMED, TEAMS,
                  prepare=_lose_answer),
    )),
    Act(time(14, 30), "Six hours after the start: Joinlink sweeps every calendar"),
    Act(time(15), "People edit earlier meetings", changes=(
        lambda contoso: contoso.remove_link(contoso.entry(PRICES)),
        lambda contoso: contoso.move_occurrence(contoso.entry(WEEKLY), 1, "Fabrikam, Hall 4"),
    )),
)
