"""Takes off what stands around a link: link scanners, redirectors, sign-in pages, entities, line breaks.

Nothing is known of most wrappers: they carry the link encoded for a query or a path, or as base64, so one
step decodes all of that, everywhere. Proofpoint and F5 have an alphabet of their own.
Proofpoint: https://help.proofpoint.com/Threat_Insight_Dashboard/Concepts/How_do_I_decode_a_rewritten_URL%3F
"""

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from html import unescape
from re import Match
from urllib.parse import unquote

import re2

#: a link in more layers than this can't be told
MAX_LAYERS = 10
#: What nobody sees: soft hyphens, zero-width and direction marks, and line breaks that quoted-printable or a
#: folded calendar file put in.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_FOLDS = re.compile(r"=\r?\n|\r?\n[ \t](?=\S)")
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3002: ".", 0xFF61: "."}
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});?")
_QUOTED = re.compile(r"=([0-9A-F]{2})")
#: Tags split a link of which only a part is bold. The text with its tags is read too: links are in them.
_TAG = re.compile(r"<[A-Za-z/!][^<>]*>")
_PROOFPOINT_2 = re2.compile(r"(urldefense(?:\.[a-zA-Z]+)+/v2/url\?(?:[^\s\"'<>]*?&)?u=)([^&\s\"'<>]*)")
_PROOFPOINT_3 = re2.compile(r"urldefense(?:\.[a-zA-Z]+)+/v3/__[^\s\"'<>]+")
_STAR = re.compile(r"\*(?=[0-9A-Fa-f]{2})")
_F5 = re.compile(r"/f5-w-([0-9a-f]{2,512})\$\$")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
#: What a link has in it, in small letters: as it is, percent-encoded, and as base64 once more.
_LINKS = (b"://", b"%3a", b"%2f", b"ahr0c", b"yuhsmg")


def layers(text: str) -> Iterator[str]:
    """Yield the text, and then the text again and again with one layer taken off everything in it.

    None is more than twice as long as the text. At most MAX_LAYERS are taken off.
    """
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()  # JSON can carry half an emoji
    yield text
    if "<" in text:
        text = f"{_TAG.sub('', text)}\n{text}"
        yield text
    for _ in range(MAX_LAYERS):
        before, text = text, unwrapped_once(text)
        if text == before:
            return
        yield text


def unwrapped_once(text: str) -> str:
    """Return the text with one layer taken off; itself where there is none."""
    if not text.isascii():
        text = _UNSEEN.sub("", text).translate(_WIDE)
    if "\n" in text:
        text = _FOLDS.sub("", text)
    if "&" in text:
        text = _ENTITY.sub(lambda found: unescape(found[0]), text)
    if "=3D" in text:
        text = _QUOTED.sub(lambda found: chr(int(found[1], 16)), text)
    if "%" in text:
        text = unquote(text)
    if "\\" in text:
        text = text.replace("\\/", "/").replace("\\", "/")
    if "urldefense" in text.lower():
        text = _PROOFPOINT_2.sub(_without_proofpoint, text)
        text = _PROOFPOINT_3.sub(lambda found: _STAR.sub("%", found[0]), text)
    if "f5-w-" in text:
        text = _F5.sub(_without_f5, text)
    return _BASE64.sub(_without_base64, text)


def _without_proofpoint(found: Match[str]) -> str:
    return found[1] + unquote(found[2].translate({ord("-"): "%", ord("_"): "/"}))


def _without_f5(found: Match[str]) -> str:
    digits = found[1][: len(found[1]) // 2 * 2]
    return "/" + bytes.fromhex(digits).decode("utf-8", "replace")


def _without_base64(found: Match[str]) -> str:
    word = found[0].replace("+", "-").replace("/", "_")
    # What stands in front, such as Bing's "a1", may be no part of the code.
    for start in range(4):
        plain = _decoded(word[start:])
        if any(mark in plain.lower() for mark in _LINKS):
            return f"{word[:start]} {plain.decode('utf-8', 'ignore')} "
    return found[0]


def _decoded(word: str) -> bytes:
    code = word[: len(word) - (len(word) % 4 == 1)]
    try:
        return urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except binascii.Error:
        return b""


def is_wrapped(text: str) -> bool:
    """Whether there is still a layer that could be taken off."""
    return unwrapped_once(text) != text
