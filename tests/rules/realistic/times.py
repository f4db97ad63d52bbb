"""Invitations with different times, states, categories and languages."""

from datetime import datetime

from tests.rules.realistic.builders import GUEST, Case, case, days, moment, series

_CUSTOM = "tzone://Microsoft/Custom"


def times() -> list[Case]:
    """Return the events."""
    return [*_series(), *_lengths(), *_marks(), *_states(), *_languages()]


def _series() -> list[Case]:
    mondays = {"at": "2026-11-02T09:00"}
    return [
        case("A weekly call without end", "link_added", GUEST, **mondays, **series("monday")),
        case("A weekly call of colleagues", "no_rule_matched", "cy@contoso.com", **mondays, **series("monday")),
        case("A weekly call until today", "link_added", GUEST, **mondays, **series("monday", type="endDate", endDate="2026-11-23")),
        case("A weekly call until last week", "ended", GUEST, **mondays, **series("monday", type="endDate", endDate="2026-11-20")),
        case("Three calls, the last one a week ago", "ended", GUEST, **mondays, **series("monday", type="numbered", numberOfOccurrences=3)),
        case("Four calls, the last one in an hour", "link_added", GUEST, **mondays, **series("monday", type="numbered", numberOfOccurrences=4)),
        case("A daily call until today in Los Angeles", "link_added", GUEST, at="2026-11-03T01:00", originalStartTimeZone="Pacific Standard Time", **series(kind="daily", zone="", type="endDate", endDate="2026-11-23")),
        case("A series without occurrences", "link_added", GUEST, **mondays, **series("monday", type="numbered")),
        case("A series without days", "link_added", GUEST, **mondays, **series(type="numbered", numberOfOccurrences=1)),
        case("A series whose end is not a date", "link_added", GUEST, **mondays, **series("monday", type="endDate", endDate="")),
        case("A series in a custom zone, maybe ended", "link_added", GUEST, at="2026-11-02T10:00", originalStartTimeZone=_CUSTOM, **series("sunday", zone=_CUSTOM, type="endDate", endDate="2026-11-22")),
        case("The first of each month", "link_added", GUEST, at="2026-11-01T09:00", **series(kind="absoluteMonthly", dayOfMonth=1)),
        case("A changed occurrence of a series", "link_added", GUEST, type="exception", seriesMasterId="AAMkAGmaster="),
        case("A series of all-day events", "no_rule_matched", GUEST, **{**series("monday"), **days("2026-11-02", 1)}),
    ]  # fmt: skip


def _lengths() -> list[Case]:
    return [
        case("An all-day event with a customer", "no_rule_matched", GUEST, **days("2026-11-24", 1)),
        case("A holiday, invited from outside", "no_rule_matched", "hr@fabrikam.com", **days("2026-12-25", 2), showAs="oof"),
        case("An all-day event that is still today in Tokyo", "no_rule_matched", GUEST, **days("2026-11-23", 1), originalStartTimeZone="Tokyo Standard Time"),
        case("An all-day event, ended in Berlin, not in Honolulu", "no_rule_matched", GUEST, **days("2026-11-22", 1), originalStartTimeZone="Hawaiian Standard Time"),
        case("An all-day event, ended in Berlin", "ended", GUEST, **days("2026-11-22", 1)),
        case("A workshop for three days", "no_rule_matched", GUEST, minutes=3 * 24 * 60),
        case("Exactly 24 hours", "link_added", GUEST, minutes=24 * 60),
        case("A minute more than 24 hours", "no_rule_matched", GUEST, minutes=24 * 60 + 1),
        case("Without duration", "link_added", GUEST, minutes=0),
        case("In a custom zone", "link_added", GUEST, start=moment(datetime.fromisoformat("2026-11-24T09:00"), _CUSTOM), end=moment(datetime.fromisoformat("2026-11-24T10:00"), _CUSTOM)),
        case("In a custom zone, maybe ended", "link_added", GUEST, start=moment(datetime.fromisoformat("2026-11-23T01:00"), _CUSTOM), end=moment(datetime.fromisoformat("2026-11-23T02:00"), _CUSTOM)),
    ]  # fmt: skip


def _marks() -> list[Case]:
    return [
        case("A private matter", "no_rule_matched", GUEST, sensitivity="private"),
        case("A confidential matter", "no_rule_matched", GUEST, sensitivity="confidential"),
        case("A personal matter", "link_added", GUEST, sensitivity="personal"),
        case("Lunch [no link]", "rule_skip", GUEST),
        case("[NO LINK] Lunch", "rule_skip", GUEST),
        case("Lunch [no\u00a0link]", "rule_skip", GUEST),
        case("Lunch [no  link]", "rule_skip", GUEST),
        case("Lunch (no link)", "link_added", GUEST),
        case("Category In person", "rule_skip", GUEST, categories=["In person"]),
        case("Category in person, small letters", "rule_skip", GUEST, categories=["in person"]),
        case("Category No link among others", "rule_skip", GUEST, categories=["Red category", "No link"]),
        case("Category with a no-break space", "rule_skip", GUEST, categories=["In\u00a0person"]),
        case("Shown as free", "link_added", GUEST, showAs="free"),
        case("Tentative", "link_added", GUEST, showAs="tentative"),
        case("High importance", "link_added", GUEST, importance="high"),
    ]  # fmt: skip


def _states() -> list[Case]:
    online = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    return [
        case("Cancelled", "cancelled", GUEST, isCancelled=True),
        case("Canceled: only in the subject", "link_added", GUEST),
        case("A draft", "draft", GUEST, isDraft=True),
        case("An attendee's copy", "not_organizer", GUEST, isOrganizer=False),
        case("Already online", "already_online", GUEST, **online, onlineMeeting={"joinUrl": "https://teams.microsoft.com/l/meetup-join/x"}),
        case("Online, without its link yet", "already_online", GUEST, **online),
        case("In progress", "link_added", GUEST, at="2026-11-23T07:45"),
        case("Just ended", "ended", GUEST, at="2026-11-23T07:30"),
        case("Ended last year", "ended", GUEST, at="2025-11-24T09:00"),
        case("In ten years", "link_added", GUEST, at="2036-11-24T09:00"),
        case("Without a subject", "link_added", GUEST, subject=None),
        case("Invited through Calendly", "link_added", GUEST, body="Event Name: 30 Minute Meeting\nPowered by Calendly.com\nNeed to reschedule? https://calendly.com/reschedulings/abc"),
    ]  # fmt: skip


def _languages() -> list[Case]:
    subjects = [
        ("German", "Besprechung mit Müller & Söhne: Angebot prüfen"),
        ("French", "Réunion d'équipe : préparation de l'été"),
        ("Spanish", "Reunión con el cliente: ¿qué más falta?"),
        ("Polish", "Spotkanie w sprawie umowy: źródła i założenia"),
        ("Turkish", "İstanbul ofisi ile görüşme"),
        ("Russian", "Встреча: новый заказчик"),
        ("Greek", "Συνάντηση με τον πελάτη"),
        ("Arabic", "اجتماع مع العميل"),
        ("Hebrew", "פגישה עם הלקוח"),
        ("Hindi", "ग्राहक के साथ बैठक"),
        ("Japanese", "お客様との打ち合わせ"),
        ("Chinese", "与客户会面"),
        ("Korean", "고객과의 회의"),
        ("with a smiley", "Kick-off 🚀👩‍💻"),
    ]
    return [
        *(
            case(f"{language} subject", "link_added", GUEST, subject=text, body=text)
            for language, text in subjects
        ),
        *(
            case(f"{language} subject, colleagues", "no_rule_matched", "cy@contoso.com", subject=text)
            for language, text in subjects[:7:2]
        ),
    ]
