"""The JSON of events, calendars and mailbox settings in Graph's answers."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.graph import ids, join_links, zones
from sandbox.graph.errors import bad_query
from sandbox.graph.event import DEFAULTS, EventCopy, OnlineMeeting
from sandbox.graph.event_habits import EventHabits
from sandbox.graph.event_input import READ_ONLY
from sandbox.graph.mailboxes import HostedCalendar
from sandbox.graph.user import DirectoryUser

#: the occurrences of a series that were changed on their own
EXCEPTIONS = "exceptionOccurrences"
#: All properties that `$select` may contain.
EVENT_PROPERTIES = (
    frozenset(DEFAULTS) | READ_ONLY | {"start", "end", "isOnlineMeeting", "onlineMeetingProvider", EXCEPTIONS}
)
UNKNOWN_TIME = "0001-01-01T00:00:00Z"
#: what a reader without rights sees of a private event
_HIDDEN: dict[str, Any] = {
    "subject": "Private Appointment",
    "bodyPreview": "",
    "attendees": [],
    "categories": [],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How a call sees events: time zone, body type and id type; `now` is the time of the call.

    `hides_private` is whether the content of private events is hidden.
    """

    zone: str
    text_body: bool
    immutable_ids: bool
    now: datetime
    habits: EventHabits
    hides_private: bool = False


def item_id(copy: EventCopy, *, immutable: bool) -> str:
    """Return the event's immutable or mutable id."""
    return copy.immutable_id if immutable else copy.mutable_id


def event(
    copy: EventCopy, *, owner: DirectoryUser, organizer: dict[str, str], options: ReadOptions
) -> dict[str, Any]:
    """Return a whole event; `owner` is the owner of the mailbox, `organizer` an emailAddress."""
    shown_id = item_id(copy, immutable=options.immutable_ids)
    hidden = _HIDDEN if options.hides_private and copy.value("sensitivity") == "private" else {}
    plain = {name: copy.value(name) for name in DEFAULTS if name not in {"body", "attendees"}}
    return {
        "@odata.etag": ids.etag(copy.version),
        "id": shown_id,
        "createdDateTime": zones.date_time_offset(copy.created),
        "lastModifiedDateTime": zones.date_time_offset(copy.modified),
        "changeKey": copy.version,
        **plain,
        "isDraft": copy.value("isDraft") and options.habits.shows_drafts,
        "originalStartTimeZone": _original_zone(copy, "start"),
        "originalEndTimeZone": _original_zone(copy, "end"),
        "iCalUId": _ical_uid(copy),
        "isCancelled": copy.cancelled,
        "isOrganizer": copy.is_organizer,
        "seriesMasterId": item_id(copy.master, immutable=options.immutable_ids) if copy.master else None,
        "type": copy.type,
        "webLink": f"https://outlook.office365.com/owa/?itemid={shown_id}&exvsurl=1&path=/calendar/item",
        "onlineMeetingUrl": None,
        **_online(copy.online, owner, options.now),
        "responseStatus": {"response": copy.response, "time": UNKNOWN_TIME},
        **_body(copy, options),
        **_times(copy, options.zone),
        "attendees": _attendees(copy, owner),
        "organizer": {"emailAddress": organizer},
        **hidden,
    }


def check_select(select: tuple[str, ...]) -> None:
    """Check the properties in `$select`.

    Raises:
        Refusal: 400, an event has no such property.
    """
    check_names(select, EVENT_PROPERTIES, "event")


def check_names(select: tuple[str, ...], known: Container[str], of: str) -> None:
    """Check the properties in `$select` of any type.

    Raises:
        Refusal: 400, the type has no such property.
    """
    for name in select:
        if name not in known:
            raise bad_query(f"Could not find a property named '{name}' on type 'microsoft.graph.{of}'.")


def wants_exceptions(select: tuple[str, ...], expand: str) -> bool:
    """Return whether a call gets the exceptions of a series: it must both select and expand them.

    https://learn.microsoft.com/graph/api/event-get. Graph shows the selected properties of each exception.

    Raises:
        Refusal: 400, an event has no such relationship.
    """
    if expand not in {"", EXCEPTIONS}:
        raise bad_query(f"The query option '$expand={expand}' is not supported here.")
    return expand == EXCEPTIONS and EXCEPTIONS in select


def selected(shown: dict[str, Any], copy: EventCopy, select: tuple[str, ...]) -> dict[str, Any]:
    """Return the properties in `$select`, always with id and ETag."""
    if not select:
        return shown
    chosen = {name: value for name, value in shown.items() if name in {"@odata.etag", "id", *select}}
    if "cancelledOccurrences" in select:
        starts = sorted(copy.removed)
        chosen["cancelledOccurrences"] = [f"OID.{shown['id']}.{start:%Y-%m-%d}" for start in starts]
    return chosen


def calendar(one: HostedCalendar, owner: DirectoryUser) -> dict[str, Any]:
    """Return a calendar."""
    return {
        "id": one.id,
        "name": one.name,
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": one.is_default,
        "changeKey": one.change_key,
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": one.can_edit,
        "allowedOnlineMeetingProviders": list(one.allowed_providers),
        "defaultOnlineMeetingProvider": one.default_provider,
        "isTallyingResponses": one.is_default,
        "isRemovable": not one.is_default,
        "owner": one.owner or owner.email_address(),
    }


def mailbox_settings(owner: DirectoryUser) -> dict[str, Any]:
    """Return a mailbox's settings."""
    return {
        "archiveFolder": None,
        "timeZone": owner.time_zone,
        "dateFormat": "yyyy-MM-dd",
        "timeFormat": "HH:mm",
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "userPurpose": owner.kind,
        "language": {"locale": "en-US", "displayName": "English (United States)"},
        "workingHours": {
            "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "startTime": "08:00:00.0000000",
            "endTime": "17:00:00.0000000",
            "timeZone": {"name": owner.time_zone},
        },
    }


def _online(meeting: OnlineMeeting | None, owner: DirectoryUser, now: datetime) -> dict[str, Any]:
    """Return the online meeting; the join URL appears later than the flag."""
    if meeting is None:
        nothing = "unknown" if owner.honors_online_meeting else None
        return {"isOnlineMeeting": False, "onlineMeetingProvider": nothing, "onlineMeeting": None}
    return {
        "isOnlineMeeting": True,
        "onlineMeetingProvider": meeting.provider,
        "onlineMeeting": {"joinUrl": meeting.join_url} if meeting.visible_from <= now else None,
    }


def _body(copy: EventCopy, options: ReadOptions) -> dict[str, Any]:
    body, meeting = copy.value("body"), copy.online
    if meeting and meeting.visible_from <= options.now:
        body = join_links.with_join_block(body, meeting.join_url)
    shown = (
        {"contentType": "text", "content": join_links.as_text(body)}
        if options.text_body
        else {"contentType": "html", "content": join_links.as_html(body)}
    )
    return {"bodyPreview": join_links.preview(body), "body": shown}


def _times(copy: EventCopy, zone: str) -> dict[str, Any]:
    start, end = copy.start, copy.end
    if copy.value("isAllDay"):
        # Graph shows an all-day event from midnight to midnight in the reader's time zone.
        own = zones.zone(zone)
        start, end = start.replace(tzinfo=own), end.replace(tzinfo=own)
    times: dict[str, Any] = {
        "start": zones.date_time_time_zone(start, zone),
        "end": zones.date_time_time_zone(end, zone),
    }
    if copy.original_start:
        times["originalStart"] = zones.date_time_offset(copy.original_start)
    return times


def _attendees(copy: EventCopy, owner: DirectoryUser) -> list[dict[str, Any]]:
    attendees: list[dict[str, Any]] = copy.value("attendees")
    if copy.is_organizer or not copy.value("hideAttendees"):
        return attendees
    return [one for one in attendees if one["emailAddress"]["address"].lower() in owner.addresses]


def _original_zone(copy: EventCopy, edge: str) -> str:
    source = copy if edge in copy.properties else copy.master or copy
    return source.properties[edge].get("timeZone") or "UTC"


def _ical_uid(copy: EventCopy) -> str:
    """Return the iCalUId; an occurrence has its series' with the date in it."""
    if copy.original_start is None:
        return copy.uid
    day = copy.original_start
    return f"{copy.uid[:32]}{day.year:04X}{day.month:02X}{day.day:02X}{copy.uid[40:]}"
