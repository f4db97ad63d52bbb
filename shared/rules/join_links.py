"""Join links of meeting services, found in what people paste into an event."""

from collections.abc import Iterable
from urllib.parse import unquote

import re2

from shared.domain.event import Event

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
#: Service, host and path of its join links, as RE2. Paths keep a service's other pages (pricing, help) out.
_LINKS = (
    (
        "Zoom",
        r"zoom(?:gov)?\.(?:us|com|com\.cn)",
        r"(?:j|my|s|w|wc|wc/join|ev|meeting/register|webinar/register)/[\w.-]+",
    ),
    (
        "Webex",
        r"webex\.com",
        (
            r"(?:(?:meet|join)/[\w.-]+|[\w.-]+/(?:j\.php|e\.php|m\.php|onstage/)|wbxmjs/"
            rf"|webappng/sites/[\w.-]+/(?:meeting|webinar)/|m/{_UUID})"
        ),
    ),
    ("Google Meet", r"meet\.google\.com", r"(?:[a-z]{3}-[a-z]{4}-[a-z]{3}|lookup/[\w-]+)"),
    (
        "Microsoft Teams",
        r"teams\.(?:microsoft\.(?:com|us)|live\.com|microsoftonline\.cn|cloud\.microsoft)",
        r"(?:l/meetup-join|meet)/[\w%-]+",
    ),
    ("Skype", r"join\.skype\.com", r"[\w-]+"),
    ("Skype", r"meet\.lync\.com", r"[\w.-]+/[\w.-]+/[\w-]+"),
    ("GoTo", r"(?:gotomeeting|gotomeet)\.(?:com|me)", r"(?:join/)?[0-9]+"),
    ("GoTo", r"(?:gotomeet\.me|meet\.goto\.com)", r"[\w-]+"),
    ("GoTo", r"app\.goto\.com", r"meeting/[\w-]+"),
    ("Jitsi", r"(?:meet\.jit\.si|8x8\.vc)", r"[\w%/-]+"),
    ("BlueJeans", r"bluejeans\.com", r"(?:meet/)?[0-9]+"),
    ("Amazon Chime", r"chime\.aws", r"(?:meetings/)?[0-9]+"),
    ("Whereby", r"whereby\.com", r"[\w-]+"),
    ("RingCentral", r"v\.ringcentral\.com", r"join/[0-9]+"),
    ("RingCentral", r"meetings\.ringcentral\.com", r"j/[0-9]+"),
    ("Lifesize", r"call\.lifesizecloud\.com", r"[0-9]+"),
    ("Pexip", r"pexip\.me", r"meet/[\w.-]+"),
    ("FaceTime", r"facetime\.apple\.com", r"join\b"),
    ("Zoho Meeting", r"meeting\.zoho\.(?:com|eu|in|jp|com\.au)", r"join\b"),
    ("Zoho Meeting", r"meet\.zoho\.(?:com|eu|in|jp|com\.au)", r"[a-z]{3,4}(?:-[a-z]{3,4}){2}"),
    ("Tencent Meeting", r"(?:meeting\.tencent|voovmeeting)\.com", r"(?:dm|dw|p|s)/[\w-]+"),
    ("Lark", r"vc\.(?:larksuite\.com|feishu\.cn)", r"j/[0-9]+"),
)
#: What stands where others name a room: the first part of the path of pages that nobody meets on.
_PAGES = {
    "Skype": {b"download", b"invite"},
    "GoTo": {b"install"},
    "Jitsi": {b"static"},
    "Whereby": {b"blog", b"information", b"org", b"pricing", b"user"},
}
#: A host begins where no other host, and no address, goes on; it may stand in any subdomain.
_BEFORE = r"(?:^|[^a-z0-9.@-])(?:[a-z0-9-]+\.)*"
_PORT = r"(?::[0-9]{1,5})?"
#: Proofpoint's URL Defense, version 2, writes "-" for "%" and "_" for "/"
_PROOFPOINT = "-3A__", str.maketrans("-_", "%/")


def _compiled() -> re2._Regexp:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    links = "|".join(f"({host}{_PORT}/{path})" for _, host, path in _LINKS)
    return re2.compile(f"{_BEFORE}(?:{links})", options)


_PATTERN = _compiled()


def find_join_link(*texts: str) -> str | None:
    """Return the service whose join link stands first in the texts, None if there is none.

    Time is linear in the length of the texts. Links wrapped by Outlook's Safe Links, once or twice, and by
    Proofpoint's URL Defense are seen through.
    """
    text = "\n".join(texts)
    if "." not in text:
        return None
    for found in _PATTERN.finditer(_unwrapped(text).encode("utf-8", "replace")):
        service, _, _ = _LINKS[found.lastindex - 1]
        first = found[found.lastindex].split(b"/")[1].lower()
        if first not in _PAGES.get(service, ()):
            return service
    return None


def _unwrapped(text: str) -> str:
    """Return the text, and behind it the text once more with what wraps links taken off."""
    mark, letters = _PROOFPOINT
    plain = text
    if mark in text:
        plain += "\n" + unquote(text.translate(letters))
    if "%" in text:
        plain += "\n" + unquote(unquote(text))
    return plain


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
