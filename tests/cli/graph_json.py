"""Events as Graph's own JSON, for the command to read."""

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
        "start": {"dateTime": f"{event.start:%Y-%m-%dT%H:%M:%S.%f}0", "timeZone": "UTC"},
        "end": {"dateTime": f"{event.end:%Y-%m-%dT%H:%M:%S.%f}0", "timeZone": "UTC"},
        "recurrence": None if event.recurrence is None else _recurrence(event.recurrence),
        "attendees": [
            {"type": person.type, "emailAddress": {"address": person.address}} for person in event.attendees
        ],
        "locations": [
            {"displayName": place.display_name, "locationType": place.type, "locationUri": place.uri}
            for place in event.locations
        ],
        "bodyPreview": event.body_preview,
        "body": None if event.body is None else {"contentType": "text", "content": event.body},
        "categories": list(event.categories),
        "sensitivity": event.sensitivity,
        "showAs": event.show_as,
        "importance": event.importance,
    }


def _recurrence(recurrence: Recurrence) -> dict[str, Any]:
    return {
        "pattern": {"type": recurrence.pattern, "interval": recurrence.interval},
        "range": {"type": "noEnd", "recurrenceTimeZone": recurrence.time_zone},
    }
