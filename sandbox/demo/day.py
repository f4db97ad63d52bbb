"""The day's play: who plans what, what is special about it, and how it has to end."""

from datetime import time

from sandbox.demo.contoso import Contoso, Meeting, Unheard
from sandbox.demo.scenes import GUEST, Act, Ending, Scene
from sandbox.graph import Drop
from shared.domain.decision import Outcome, Reason

TEAMS, SKYPE = "teamsForBusiness", "skypeForBusiness"

_LINK_ADDED: Ending = (Outcome.ENABLED, Reason.LINK_ADDED)
_LINK_CONFIRMED: Ending = (Outcome.ENABLED, Reason.LINK_CONFIRMED)
_REMOVED: Ending = (Outcome.SKIPPED, Reason.REMOVED_BY_USER)


def _skipped(reason: Reason) -> tuple[Ending, ...]:
    return ((Outcome.SKIPPED, reason),)


def _look_at_the_copy_first(contoso: Contoso, copy: Meeting) -> None:
    """Keep Graph's answer about the original until the copy has been looked at, as chance might have it."""
    original = contoso.meeting(copy.scene.copy_of)
    contoso.trouble(original, meanwhile=lambda: contoso.await_decision(copy))


def _edit_under_the_write(contoso: Contoso, meeting: Meeting) -> None:
    contoso.trouble(
        meeting, method="PATCH", meanwhile=lambda: contoso.rename(meeting, "Roadmap 2027, Northwind")
    )


FIRST_RUN = Act(at=time(8, 30), title="Joinlink finds out whose calendars to watch")

REVIEW, PRICES, WEEKLY = "Quarterly review", "Price talks", "Weekly with Fabrikam"

MORNING = Act(
    at=time(9),
    title="The morning's invitations",
    scenes=(
        Scene(
            who="Ada Lund",
            subject=REVIEW,
            special="a guest from outside",
            guests=(GUEST, "ben@contoso.com"),
            story=(_LINK_ADDED,),
            link=TEAMS,
        ),
        Scene(
            who="Ben Okafor",
            subject=REVIEW,
            special="the copy of an attendee",
            copy_of=REVIEW,
            story=_skipped(Reason.NOT_ORGANIZER),
            link=TEAMS,
            prepare=_look_at_the_copy_first,
        ),
        Scene(
            who="Ben Okafor",
            subject="Team meeting",
            special="colleagues only",
            guests=("ada@contoso.com",),
            story=_skipped(Reason.NO_RULE_MATCHED),
        ),
        Scene(
            who="Cleo Marin",
            subject="Lunch [no link]",
            special="the organizer opted out",
            story=_skipped(Reason.RULE_SKIP),
        ),
        Scene(
            who="Cleo Marin",
            subject="Contract matters",
            special="private",
            properties={"sensitivity": "private"},
            story=_skipped(Reason.NO_RULE_MATCHED),
        ),
        Scene(
            who="Dora Weiss",
            subject="Board visit",
            special="in a room",
            properties={
                "attendees": [
                    {"type": "required", "emailAddress": {"address": GUEST}},
                    {"type": "resource", "emailAddress": {"address": "atrium@contoso.com"}},
                ],
                "location": {"displayName": "Atrium", "locationEmailAddress": "atrium@contoso.com"},
            },
            story=_skipped(Reason.NO_RULE_MATCHED),
        ),
    ),
)

MATTERS_SETTLED = Act(
    at=time(9, 40),
    title="Meetings that bring their own",
    scenes=(
        Scene(
            who="Dora Weiss",
            subject="Demo for Northwind",
            special="online from the start",
            properties={"isOnlineMeeting": True, "onlineMeetingProvider": TEAMS},
            story=_skipped(Reason.ALREADY_ONLINE),
            link=TEAMS,
        ),
        Scene(
            who="Emil Sand",
            subject="Sync with Fabrikam",
            special="a Zoom link as location",
            properties={"location": {"displayName": "https://fabrikam.zoom.us/j/5551234567"}},
            story=_skipped(Reason.OTHER_JOIN_LINK),
        ),
        Scene(
            who="Emil Sand",
            subject="Trade fair",
            special="all day",
            properties={
                "isAllDay": True,
                "start": {"dateTime": "2026-11-25T00:00:00", "timeZone": "UTC"},
                "end": {"dateTime": "2026-11-26T00:00:00", "timeZone": "UTC"},
            },
            story=_skipped(Reason.NO_RULE_MATCHED),
        ),
        Scene(
            who="Ada Lund",
            subject="Interview: engineer",
            special="a rule in report mode",
            guests=("cleo@contoso.com",),
            story=((Outcome.WOULD_ENABLE, Reason.REPORT_MODE),),
        ),
        Scene(
            who="Ben Okafor",
            subject=WEEKLY,
            special="a series; one day moves",
            properties={
                "recurrence": {
                    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
                    "range": {"type": "numbered", "startDate": "2026-11-24", "numberOfOccurrences": 6},
                }
            },
            story=(_LINK_ADDED,),
            link=TEAMS,
        ),
    ),
)

SECOND_THOUGHTS = Act(
    at=time(10, 30),
    title="People change their minds",
    scenes=(
        Scene(
            who="Cleo Marin",
            subject="Kick-off",
            special="cancelled at once",
            story=_skipped(Reason.CANCELLED),
            prepare=Contoso.cancel,
        ),
        Scene(
            who="Dora Weiss",
            subject="Coffee with Bo",
            special="deleted at once",
            story=((Outcome.GONE, Reason.NOT_FOUND),),
            prepare=Contoso.delete,
        ),
        Scene(
            who="Emil Sand",
            subject="Roadmap",
            special="edited meanwhile (412)",
            story=(_LINK_ADDED,),
            link=TEAMS,
            prepare=_edit_under_the_write,
        ),
        Scene(
            who="Ada Lund",
            subject=PRICES,
            special="she takes the link off",
            story=(_LINK_ADDED, _REMOVED),
        ),
    ),
)

OTHER_CALENDARS = Act(
    at=time(11, 15),
    title="Calendars of another kind",
    scenes=(
        Scene(
            who="Finn Berg",
            subject="Support review",
            special="a calendar with Skype",
            story=(_LINK_ADDED,),
            link=SKYPE,
        ),
        Scene(
            who="Gina Rossi",
            subject="Site visit",
            special="a calendar, no provider",
            story=_skipped(Reason.NO_PROVIDER),
        ),
        Scene(
            who="Hugo Blanc",
            subject="Tender",
            special="a 200, but no link",
            story=((Outcome.NOT_HONORED, Reason.NO_JOIN_LINK),),
        ),
        Scene(
            who="Ines Prado",
            subject="Design review",
            special="the link comes 40 s late",
            story=(_LINK_CONFIRMED,),
            link=TEAMS,
        ),
    ),
)

NOTHING_HEARD = Act(
    at=time(12, 10),
    title="Graph loses notifications, and a subscription",
    scenes=tuple(
        Scene(who=who, subject=subject, special=special, story=(_LINK_ADDED,), link=TEAMS, unheard=unheard)
        for who, subject, special, unheard in (
            ("Ada Lund", "Press call", "notifications get lost", Unheard.LOST),
            ("Nils Varga", "Handover", "he is never heard of", Unheard.LOST),
            ("Mona Adler", "Audit", "while nobody watches", Unheard.GAP),
        )
    ),
    doings=(lambda contoso: contoso.ask_to_reauthorize("Kim Sato"),),
)

BAD_HOUR = Act(
    at=time(13, 30),
    title="Graph has a bad hour",
    scenes=(
        *(
            Scene(
                who="Jan Novak",
                subject=f"Fitting {number}",
                special="a storm of 429",
                story=(_LINK_ADDED,),
                link=TEAMS,
                prepare=lambda contoso, meeting: contoso.trouble_mailbox(
                    meeting, count=2, status=429, retry_after=30
                ),
            )
            for number in (1, 2, 3)
        ),
        Scene(
            who="Kim Sato",
            subject="Budget",
            special="503, three times",
            story=(_LINK_ADDED,),
            link=TEAMS,
            prepare=lambda contoso, meeting: contoso.trouble(meeting, count=3, status=503),
        ),
        Scene(
            who="Lars Holm",
            subject="Delivery dates",
            special="a lost answer to a PATCH",
            story=(_LINK_CONFIRMED,),
            link=TEAMS,
            prepare=lambda contoso, meeting: contoso.trouble(meeting, method="PATCH", drop=Drop.AFTER),
        ),
    ),
)

SWEEP = Act(at=time(14, 30), title="Six hours later: every calendar is swept")

AFTERNOON = Act(
    at=time(15),
    title="The afternoon",
    doings=(
        lambda contoso: contoso.remove_link(contoso.meeting(PRICES)),
        lambda contoso: contoso.move_occurrence(contoso.meeting(WEEKLY), 1, "Fabrikam, Hall 4"),
    ),
)

DAY = (
    FIRST_RUN,
    MORNING,
    MATTERS_SETTLED,
    SECOND_THOUGHTS,
    OTHER_CALENDARS,
    NOTHING_HEARD,
    BAD_HOUR,
    SWEEP,
    AFTERNOON,
)
