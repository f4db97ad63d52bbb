"""What an admin may name an event by: its id, a link to it, its iCalUId, or its join link. Pure.

Links have the id as Exchange Web Services writes it; Graph has `-` and `_` in the place of `/` and `+`
(https://learn.microsoft.com/office/dev/add-ins/outlook/use-rest-api, "get the item ID").
"""

import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from shared.domain.ids import is_id

#: how Exchange begins the iCalUId of each event (MS-OXOCAL 2.2.1.27, PidLidGlobalObjectId)
_GLOBAL_OBJECT_ID = re.compile(r"040000008200E00074C5B7101A82E008[0-9A-F]{32,2000}", re.IGNORECASE)
#: where the date of an occurrence is in it; zeros name the series
_DATE = slice(32, 40)
_OUTLOOK = ("outlook.office.com", "outlook.office365.com", "outlook.cloud.microsoft", "outlook.live.com")
_OUTLOOK_OF_CLOUDS = ("outlook.office365.us", "outlook-dod.office365.us", "partner.outlook.cn")
_TEAMS = (
    "teams.microsoft.com",
    "teams.cloud.microsoft",
    "teams.live.com",
    "gov.teams.microsoft.us",
    "dod.teams.microsoft.us",
)
_SAFE_LINKS = ".safelinks.protection.outlook.com"
#: names of the parameter that has the event's id, in lower case
_ID_PARAMETERS = ("itemid", "eventid")
_JOIN_PATHS = ("/l/meetup-join/", "/meet/")
_LONGEST = 8_000


class ReferenceKind(Enum):
    """What a text names an event by."""

    ID = "id"
    ICAL_UID = "iCalUId"
    JOIN_LINK = "join link"


@dataclass(frozen=True, slots=True)
class EventReference:
    """An event, by an id of Graph's, an iCalUId, or the essential part of a join link."""

    kind: ReferenceKind
    value: str


def parse_reference(text: str) -> EventReference:
    """Return what a text names.

    Raises:
        ValueError: it names no event; the text says why.
    """
    text = text.strip().strip("<>").strip()
    if "://" in text[:12]:
        return _of_link(text)
    if _GLOBAL_OBJECT_ID.fullmatch(text):
        return EventReference(ReferenceKind.ICAL_UID, text.upper())
    if "@" in text and is_id(text):  # another calendar program's UID, such as Google's
        return EventReference(ReferenceKind.ICAL_UID, text)
    if not is_id(id_in_graph := _id_in_graph(text)):
        raise ValueError("it is neither an id of Graph's nor a link")
    return EventReference(ReferenceKind.ID, id_in_graph)


def uid_of_series(uid: str) -> str:
    """Return the iCalUId of the series that an occurrence's iCalUId belongs to; the same for other events."""
    if not _GLOBAL_OBJECT_ID.fullmatch(uid):
        return uid
    return uid[: _DATE.start] + "0" * (_DATE.stop - _DATE.start) + uid[_DATE.stop :]


def join_path(link: str) -> str:
    """Return the part of a join link that names the meeting; empty if it is none of Teams'."""
    try:
        parts = urlsplit(link.strip())
    except ValueError:
        return ""
    path = unquote(parts.path).rstrip("/")
    is_join_link = (parts.hostname or "") in _TEAMS and path.startswith(_JOIN_PATHS)
    return path.lower() if is_join_link else ""


def _of_link(text: str) -> EventReference:
    if len(text) > _LONGEST:
        raise ValueError("the link is too long")
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        raise ValueError("the link is damaged: copy it again") from None
    # A link has "+" where it means "+", and parse_qsl takes it for a space.
    query = {name.lower(): value for name, value in parse_qsl(parts.query.replace("+", "%2B"))}
    if host.endswith(_SAFE_LINKS) and (inner := query.get("url", "")) and _SAFE_LINKS not in inner:
        return _of_link(inner)
    if host not in (*_OUTLOOK, *_OUTLOOK_OF_CLOUDS, *_TEAMS):
        raise ValueError(
            f"a link to {host[:80] or 'no host'} names no event: copy the event's link in Outlook or Teams"
        )
    if path := join_path(text):
        return EventReference(ReferenceKind.JOIN_LINK, path)
    found = next((query[name] for name in _ID_PARAMETERS if name in query), "") or _id_in_path(parts)
    if not is_id(id_in_graph := _id_in_graph(found)):
        raise ValueError(
            "the link names no event: open the event by itself, and copy the address of its page"
        )
    return EventReference(ReferenceKind.ID, id_in_graph)


def _id_in_path(parts: SplitResult) -> str:
    """Return the id in a link such as https://outlook.office.com/calendar/item/AAMk…; empty if none."""
    before, is_there, after = parts.path.rpartition("/item/")
    return unquote(after) if is_there and "calendar" in before else ""


def _id_in_graph(text: str) -> str:
    return text.replace("/", "-").replace("+", "_") if text.startswith("AA") else text
