"""Join links of meeting services, found in what people paste into an event."""

from collections.abc import Iterable
from urllib.parse import unquote

import re2

from shared.domain.event import Event

#: Service -> its join links, as RE2 of host and path. Paths keep a service's other pages (pricing, help) out.
_LINKS = {
    "Zoom": (
        r"zoom(?:gov)?\.(?:us|com|com\.cn)"
        r"/(?:j|my|s|w|wc|wc/join|meeting/register|webinar/register)/[\w.-]+"
    ),
    "Webex": (
        r"webex\.com/(?:(?:meet|join)/[\w.-]+|[\w.-]+/(?:j\.php|e\.php|m\.php|onstage/)|wbxmjs/|m/[\w-]+)"
    ),
    "Google Meet": r"meet\.google\.com/(?:[a-z]{3}-[a-z]{4}-[a-z]{3}|lookup/[\w-]+)",
    "Microsoft Teams": (
        r"teams\.(?:microsoft\.(?:com|us)|live\.com|microsoftonline\.cn|cloud\.microsoft)"
        r"/(?:l/meetup-join|meet)/[\w%-]+"
    ),
    "Skype": r"(?:join\.skype\.com/[\w-]+|meet\.lync\.com/[\w.-]+/[\w.-]+/[\w-]+)",
    "GoTo": (
        r"(?:(?:gotomeeting|gotomeet)\.(?:com|me)/(?:join/)?[0-9]+"
        r"|gotomeet\.me/[\w-]+|meet\.goto\.com/[\w-]+)"
    ),
    "Jitsi": r"(?:meet\.jit\.si|8x8\.vc)/[\w%/-]+",
    "BlueJeans": r"bluejeans\.com/(?:meet/)?[0-9]+",
    "Amazon Chime": r"chime\.aws/(?:meetings/)?[0-9]+",
    "Whereby": r"whereby\.com/[\w-]+",
    "RingCentral": r"(?:v\.ringcentral\.com/join/[0-9]+|meetings\.ringcentral\.com/j/[0-9]+)",
    "Lifesize": r"call\.lifesizecloud\.com/[0-9]+",
    "Pexip": r"pexip\.me/meet/[\w.-]+",
}
#: A host begins after `://`, at the edge of a word or of the text, and may stand in any subdomain.
_BEFORE = r"(?:^|://|[\s<>\"'()\[\],;|=])(?:[a-z0-9-]+\.)*"
_NAMES = tuple(_LINKS)


def _compiled() -> re2._Regexp:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(_BEFORE + "(?:" + "|".join(f"({link})" for link in _LINKS.values()) + ")", options)


_PATTERN = _compiled()


def find_join_link(*texts: str) -> str | None:
    """Return the service whose join link stands first in the texts, None if there is none.

    Time is linear in the length of the texts. Links wrapped by Outlook's Safe Links are seen through.
    """
    text = "\n".join(texts)
    if "." not in text:
        return None
    if "%" in text:
        text += "\n" + unquote(text)
    found = _PATTERN.search(text.encode("utf-8", "replace").decode())
    return _NAMES[found.lastindex - 1] if found else None


def other_join_link(event: Event, *, look_in_body: bool = False) -> str | None:
    """Return the service that the event's location, body preview (or body) already links to, None if none."""
    return find_join_link(*_texts(event, look_in_body=look_in_body))


def _texts(event: Event, *, look_in_body: bool) -> Iterable[str]:
    for location in event.locations:
        yield location.display_name
        yield location.uri
    yield event.body_preview
    if look_in_body and event.body is not None:
        yield event.body
