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
from itertools import islice
from re import Match
from urllib.parse import unquote

import re2

#: a link in more layers than this can't be told
MAX_LAYERS = 24
#: What nobody sees: soft hyphens, zero-width and direction marks, and line breaks that quoted-printable or a
#: folded calendar file put in.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_FOLDS = re.compile(r"=(?:\r|\\++r)?(?:\n|\\++n)|(?:\r|\\++r)?(?:\n|\\++n)[ \t](?=\S)")
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_WIDE_DOT = re.compile("(?<=[A-Za-z0-9])[\u3002\uff61](?=[A-Za-z0-9])")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});?")
_ESCAPE = re.compile(r"\\++u([0-9a-fA-F]{4})")
_SLASH = re.compile(r"\\++/")
_QUOTED = re.compile("(?:=[0-9A-F]{2})+")
#: A "=" itself, or a letter of two bytes: without either, "=AB" may be the value of a query.
_QUOTED_SIGN = re.compile("=3D|=[C-F][0-9A-F]=[89AB][0-9A-F]")
#: Tags split a link of which only a part is bold. The text with its tags is read too: links are in them.
_TAG = re.compile(r"<[A-Za-z/!][^<>]*>")
#: A tag without attributes has no link in it.
_BARE_TAG = re.compile(r"</?[A-Za-z]{1,10}/?>")
_PROOFPOINT_2 = re2.compile(r"(?i)urldefense(?:\.[a-zA-Z]+)+/v2/url\?(?:[^\s\"'<>]*?&)?u=([^&\s\"'<>]*)")
_PROOFPOINT_3 = re2.compile(r"(?i)urldefense(?:\.[a-zA-Z]+)+/v3/__([^\s\"'<>]*)__;([A-Za-z0-9_=-]*)")
#: A star is the next of the characters that were taken out; two stars and a letter are several of them.
_STAR = re.compile(r"\*(?:\*([A-Za-z0-9_-]))?")
_LENGTHS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_F5 = re.compile(r"/f5-w-([0-9a-f]{2,512})\$\$")
_FEWEST = 12
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
#: What a link has in it, in small letters: as it is, percent-encoded, and as base64 once more.
_LINKS = (b"://", b"%3a", b"%2f", b"ahr0c", b"yuhsmg")


class TooManyLayers(Exception):
    """More than MAX_LAYERS layers are around something in a text."""


def layers(text: str) -> Iterator[str]:
    """Yield the text, and then the text again and again with one layer taken off everything in it.

    None is more than twice as long as the text.

    Raises:
        TooManyLayers: there are more.
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
        if "<" in text:
            yield _TAG.sub("", text)
    if unwrapped_once(text) != text:
        raise TooManyLayers


def unwrapped_once(text: str) -> str:
    """Return the text with one layer taken off; itself where there is none.

    Only what is whole again can be decoded, so one step does one thing: the first that changes something.
    """
    return next((plain for step in _STEPS if (plain := step(text)) != text), text)


def _unfolded(text: str) -> str:
    return _FOLDS.sub("", text) if "\n" in text or "\\n" in text else text


def _unquoted(text: str) -> str:
    return _QUOTED.sub(_without_quotes, text) if "=" in text and _QUOTED_SIGN.search(text) else text


def _without_entities(text: str) -> str:
    return _ENTITY.sub(lambda found: unescape(found[0]), text) if "&" in text else text


def _without_odd_letters(text: str) -> str:
    if text.isascii():
        return text
    return _WIDE_DOT.sub(".", _UNSEEN.sub("", text).translate(_WIDE))


def _without_tags(text: str) -> str:
    return _BARE_TAG.sub("", text) if "<" in text else text


def _without_percents(text: str) -> str:
    return unquote(text) if "%" in text else text


def _without_backslashes(text: str) -> str:
    if "\\" not in text:
        return text
    return _SLASH.sub("/", _ESCAPE.sub(_without_escape, text)).replace("\\", "/")


def _without_scanners(text: str) -> str:
    if "urldefense" in text.lower():
        text = _PROOFPOINT_2.sub(_without_proofpoint_2, text)
        text = _PROOFPOINT_3.sub(_without_proofpoint_3, text)
    if "___" in text:
        text = text.replace("___", " ")  # Check Point's marks
    return _F5.sub(_without_f5, text) if "f5-w-" in text else text


def _without_codes(text: str) -> str:
    return _BASE64.sub(_without_base64, text)


def _without_quotes(found: Match[str]) -> str:
    return bytes.fromhex(found[0].replace("=", "")).decode("utf-8", "replace")


def _without_escape(found: Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return found[0] if "\ud800" <= letter <= "\udfff" else letter


def _without_proofpoint_3(found: Match[str]) -> str:
    taken = iter(_decoded(found[2].rstrip("=")).decode("utf-8", "replace"))

    def put_back(star: Match[str]) -> str:
        count = 1 if star[1] is None else _LENGTHS.index(star[1]) + 2
        return "".join(islice(taken, count))

    return f" {_STAR.sub(put_back, found[1])} "


def _without_proofpoint_2(found: Match[str]) -> str:
    return " " + unquote(found[1].translate({ord("-"): "%", ord("_"): "/"}))


def _without_f5(found: Match[str]) -> str:
    digits = found[1][: len(found[1]) // 2 * 2]
    return "/" + bytes.fromhex(digits).decode("utf-8", "replace")


def _without_base64(found: Match[str]) -> str:
    word = found[0]
    plain = _in_base64(word)
    if plain is None and "/" in word:  # a part of a path, maybe
        return "/".join(_in_base64(part) or part for part in word.split("/"))
    return plain or word


def _in_base64(word: str) -> str | None:
    """Return the text in a word of base64; None where there is none."""
    if len(word) < _FEWEST:
        return None
    # What stands in front, such as Bing's "a1", may be no part of the code.
    for start in range(4):
        plain = _decoded(word[start:])
        if _is_text(plain):
            return f"{word[:start]} {plain.decode('utf-8', 'ignore')} "
    return None


def _is_text(plain: bytes) -> bool:
    """Whether bytes were text before they were encoded: random ones are hardly ever printable throughout."""
    folded = plain.lower()
    if any(mark in folded for mark in _LINKS):
        return True
    try:
        return len(plain) >= _FEWEST and not _CONTROL.search(plain.decode())
    except UnicodeDecodeError:
        return False


def _decoded(word: str) -> bytes:
    code = word[: len(word) - (len(word) % 4 == 1)].replace("+", "-").replace("/", "_")
    try:
        return urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except binascii.Error:
        return b""


_STEPS = (
    _unfolded,
    _unquoted,
    _without_entities,
    _without_odd_letters,
    _without_tags,
    _without_percents,
    _without_backslashes,
    _without_scanners,
    _without_codes,
)
