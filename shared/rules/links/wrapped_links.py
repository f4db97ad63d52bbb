"""Removes what wraps a link: link scanners, redirectors, sign-in pages, entities, line breaks.

Most wrappers contain the link in a common encoding: percent-encoding or base64. Each step decodes one
encoding everywhere in the text, whatever the wrapper is. Only Proofpoint and F5 have their own encodings.
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

#: a link in more layers than this is not decoded
MAX_LAYERS = 24
#: how many characters all layers of a text may have together: six layers of the largest body with tags
MAX_CHARACTERS = 24 * 2**20
#: invisible characters: soft hyphens, zero-width marks and direction marks
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
#: all backslashes of a row; a search that began again at each of them would take quadratic time
_SLASHES = r"(?<!\\)\\++"
#: line breaks that quoted-printable or a folded calendar file added
_FOLDS = re.compile(
    rf"=(?:\r|{_SLASHES}r)?(?:\n|{_SLASHES}n)|(?:\r|{_SLASHES}r)?(?:\n|{_SLASHES}n)[ \t](?=\S)"
)
#: One of these is in every text without backslashes that has such a line break.
_PLAIN_FOLDS = ("=\n", "=\r\n", "\n ", "\n\t")
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_WIDE_DOT = re.compile("(?<=[A-Za-z0-9])[\u3002\uff61](?=[A-Za-z0-9])")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});?")
_ESCAPE = re.compile(rf"{_SLASHES}u([0-9a-fA-F]{{4}})")
_SLASH = re.compile(rf"{_SLASHES}/")
_QUOTED = re.compile("(?:=[0-9A-F]{2})+")
#: An encoded "=", or a letter of two bytes. In a text with neither, "=AB" may be the value of a query.
_QUOTED_SIGN = re.compile("=3D|=[C-F][0-9A-F]=[89AB][0-9A-F]")
#: A tag inside a link splits it. The text with its tags is read too, because attributes contain links.
_TAG = re.compile(r"<[A-Za-z/!][^<>]*>")
#: A tag without attributes contains no link.
_BARE_TAG = re.compile(r"</?[A-Za-z]{1,10}/?>")
_PROOFPOINT_2 = re2.compile(r"(?i)urldefense(?:\.[a-zA-Z]+)+/v2/url\?(?:[^\s\"'<>]*?&)?u=([^&\s\"'<>]*)")
_PROOFPOINT_3 = re2.compile(r"(?i)urldefense(?:\.[a-zA-Z]+)+/v3/__([^\s\"'<>]*)__;([A-Za-z0-9_=-]*)")
#: A star stands for the next removed character; two stars and a letter for several of them.
_STAR = re.compile(r"\*(?:\*([A-Za-z0-9_-]))?")
_LENGTHS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_F5 = re.compile(r"/f5-w-([0-9a-f]{2,512})\$\$")
_MIN_BASE64 = 12
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
#: parts of a link in lower case: plain, percent-encoded, and in base64 again
_LINK_PARTS = (b"://", b"%3a", b"%2f", b"ahr0c", b"yuhsmg")


class TooManyLayers(Exception):
    """Something in a text is wrapped in too many layers."""


def layers(text: str) -> Iterator[str]:
    """Yield the text, and then the text with one more layer removed each time.

    No yielded text is more than twice as long as the first.

    Raises:
        TooManyLayers: there are more than MAX_LAYERS layers, or more than MAX_CHARACTERS in them.
    """
    read = 0
    for layer in _all_layers(text):
        read += len(layer)
        if read > MAX_CHARACTERS:
            raise TooManyLayers
        yield layer


def _all_layers(text: str) -> Iterator[str]:
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()  # JSON can carry half an emoji
    yield text
    if "<" in text:
        text = f"{_TAG.sub('', text)}\n{text}"
        yield text
    for _ in range(MAX_LAYERS):
        before, text = text, unwrap_once(text)
        if text == before:
            return
        yield text
        if "<" in text:
            yield _TAG.sub("", text)
    if unwrap_once(text) != text:
        raise TooManyLayers


def unwrap_once(text: str) -> str:
    """Return the text with one layer removed; the same text if there is none.

    Only the first step that changes the text is applied, because later steps may depend on its result.
    """
    return next((plain for step in _STEPS if (plain := step(text)) != text), text)


def _unfolded(text: str) -> str:
    # Most bodies have none, and the expression takes longer to find that than all other steps.
    has_folds = "\\" in text or any(fold in text for fold in _PLAIN_FOLDS)
    return _FOLDS.sub("", text) if has_folds else text


def _unquoted(text: str) -> str:
    return _QUOTED.sub(_without_quotes, text) if _QUOTED_SIGN.search(text) else text


def _without_entities(text: str) -> str:
    return _ENTITY.sub(lambda found: unescape(found[0]), text)


def _without_invisible_characters(text: str) -> str:
    if text.isascii():
        return text
    return _WIDE_DOT.sub(".", _INVISIBLE.sub("", text).translate(_WIDE))


def _without_tags(text: str) -> str:
    return _BARE_TAG.sub("", text)


def _without_percents(text: str) -> str:
    return unquote(text)


def _without_backslashes(text: str) -> str:
    if "\\" not in text:
        return text
    return _SLASH.sub("/", _ESCAPE.sub(_without_escape, text)).replace("\\", "/")


def _without_scanners(text: str) -> str:
    text = _PROOFPOINT_2.sub(_without_proofpoint_2, text)
    text = _PROOFPOINT_3.sub(_without_proofpoint_3, text)
    text = text.replace("___", " ")  # Check Point's separators
    return _F5.sub(_without_f5, text)


def _without_codes(text: str) -> str:
    return _BASE64.sub(_without_base64, text)


def _without_quotes(found: Match[str]) -> str:
    return bytes.fromhex(found[0].replace("=", "")).decode("utf-8", "replace")


def _without_escape(found: Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return found[0] if "\ud800" <= letter <= "\udfff" else letter


def _without_proofpoint_3(found: Match[str]) -> str:
    removed = iter(_decoded(found[2].rstrip("=")).decode("utf-8", "replace"))

    def put_back(star: Match[str]) -> str:
        count = 1 if star[1] is None else _LENGTHS.index(star[1]) + 2
        return "".join(islice(removed, count))

    return f" {_STAR.sub(put_back, found[1])} "


def _without_proofpoint_2(found: Match[str]) -> str:
    return " " + unquote(found[1].translate({ord("-"): "%", ord("_"): "/"}))


def _without_f5(found: Match[str]) -> str:
    digits = found[1][: len(found[1]) // 2 * 2]
    return "/" + bytes.fromhex(digits).decode("utf-8", "replace")


def _without_base64(found: Match[str]) -> str:
    word = found[0]
    plain = _in_base64(word)
    if plain is None and "/" in word:  # one segment of a path may be base64
        return "/".join(_in_base64(part) or part for part in word.split("/"))
    return plain or word


def _in_base64(word: str) -> str | None:
    """Return the decoded text of a base64 word; None if the word does not contain text."""
    if len(word) < _MIN_BASE64:
        return None
    # The word may begin with a prefix that is not base64, such as Bing's "a1".
    for start in range(4):
        plain = _decoded(word[start:])
        if _is_text(plain):
            return f"{word[:start]} {plain.decode('utf-8', 'ignore')} "
    return None


def _is_text(plain: bytes) -> bool:
    """Whether the bytes are text. Random bytes are almost never all printable."""
    folded = plain.lower()
    if any(mark in folded for mark in _LINK_PARTS):
        return True
    try:
        return len(plain) >= _MIN_BASE64 and not _CONTROL.search(plain.decode())
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
    _without_invisible_characters,
    _without_tags,
    _without_percents,
    _without_backslashes,
    _without_scanners,
    _without_codes,
)
