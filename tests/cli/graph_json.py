"""Events as Graph's own JSON, for the command to read."""

from datetime import datetime
from typing import Any

from shared.domain.event import Event, Recurrence


def of_event(event: Event) -> dict[str, Any]:
    """Return the event as a GET would show it to its organizer."""
    return {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users('al')/events/$entity",
        "@odata.etag": event.etag,
        "id": event.id,
        "type": event.type,
        "seriesMasterId": event.series_master_id,
        "subject": event.subject,
        "organizer": {"emailAddress": {"name": "Al", "address": event.organizer}},
        "isOrganizer": event.is_organizer,
        "isCancelled": event.is_cancelled,
        "isDraft": event.is_draft,
        "isAllDay": event.is_all_day,
        "isOnlineMeeting": event.is_online_meeting,
        "onlineMeetingProvider": event.online_meeting_provider,
        "onlineMeeting": {"joinUrl": event.join_url} if event.join_url else None,
        "onlineMeetingUrl": event.online_meeting_url or None,
        "start": _moment(event.start, event.unknown_zone),
        "end": _moment(event.end, event.unknown_zone),
        "originalStartTimeZone": event.original_zone,
        "originalEndTimeZone": event.original_zone,
        "recurrence": None if event.recurrence is None else _recurrence(event.recurrence),
        "attendees": [
            {
                "type": person.type,
                "status": {"response": person.response},
                "emailAddress": {"name": person.name, "address": person.address},
            }
            for person in event.attendees
        ],
        "locations": [
            {
                "displayName": place.display_name,
                "locationType": place.type,
                "locationUri": place.uri,
                "uniqueId": place.unique_id,
                "uniqueIdType": place.unique_id_type,
                "locationEmailAddress": place.email,
            }
            for place in event.locations
        ],
        "bodyPreview": event.body_preview,
        "body": {"contentType": "text", "content": event.body or ""},
        "categories": list(event.categories),
        "sensitivity": event.sensitivity,
        "showAs": event.show_as,
        "importance": event.importance,
    }


def _moment(at: datetime, unknown_zone: str) -> dict[str, str]:
    return {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S.%f}0", "timeZone": unknown_zone or "UTC"}


def _recurrence(recurrence: Recurrence) -> dict[str, Any]:
    count = recurrence.occurrences
    return {
        "pattern": {"type": recurrence.pattern, "interval": recurrence.interval},
        "range": {
            "type": "noEnd" if count is None else "numbered",
            "numberOfOccurrences": count or 0,
            "recurrenceTimeZone": recurrence.time_zone,
        },
    }
