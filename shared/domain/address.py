"""Mail addresses as calendars and directories show them, read into one canonical form.

People, programs and gateways put things around an address: quotes, brackets, a display name, a prefix,
characters that nobody sees. What is certainly such decoration is removed. Where no single valid address
remains, it can't be told (https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/825).
"""

import html
import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

import idna

#: no text with an address in it is longer; an address itself has 254 characters at most (RFC 5321)
LONGEST_TEXT = 1_000
_LONGEST_NAME, _LONGEST_DOMAIN = 64, 253
#: most addresses are written plainly and are canonical as they are
_PLAIN = re.compile(r"(?!imcea)[a-z0-9_][a-z0-9_.-]{0,63}@(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*[a-z0-9]", re.ASCII)
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#[0-9]{1,5}|#x[0-9a-f]{1,4});", re.IGNORECASE)
#: what stands around an address or a name in front of it
_BRACKETS = re.compile('[<>()\\[\\]{}"\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a]+')
#: a quotation mark inside a word belongs to it; taking it out would make another address
_QUOTE_IN_WORD = re.compile(r'\w"\w')
_EDGES = " '\u2018\u2019\u201a\u201b`\u00b4,;:\\|"
_PREFIX = re.compile(r"(mailto|smtp):", re.IGNORECASE)
_NAME = re.compile('[^\\s@/:*<>"(),;\\[\\]\\\\\u2018\u2019\ud800-\udfff]+')
#: mail that is routed through a relay names two addresses (SRS, BATV, VERP, bang paths, the percent hack)
_ROUTED = re.compile(r"prvs=|srs[01][=+-]|.*[!%]|.*=.*\.", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])", re.ASCII
)
#: Exchange packs an address of another kind into one of its own (MS-OXCMAIL 2.1.3.1.8)
_PACKED = re.compile(r"imcea([a-z0-9]+?)(?:-|\+2d)(.+)@[^@]*", re.IGNORECASE | re.ASCII)
_PACKED_CHARACTER = re.compile(r"(?:\+[0-9a-f]{2})+", re.IGNORECASE)


def read_address(text: str) -> str | None:
    """Return the one address in a text, in lower case, its domain in ASCII; None where it can't be told."""
    return _known(text) if len(text) <= LONGEST_TEXT else None


def untagged(address: str) -> str:
    """Return a canonical address without its tag: `ceo+board@…` reaches the mailbox of `ceo@…`.

    https://learn.microsoft.com/exchange/recipients-in-exchange-online/plus-addressing-in-exchange-online
    """
    name, at, domain = address.rpartition("@")
    user = name.partition("+")[0]
    return f"{user}{at}{domain}" if user else address


# Texts without a bound never get in here, so what is remembered has one.
@lru_cache(maxsize=4_096)
def _known(text: str) -> str | None:
    return text if _PLAIN.fullmatch(text) else _read(text)


def _read(text: str) -> str | None:
    visible = _visible(text)
    if _QUOTE_IN_WORD.search(visible):
        return None
    pieces = [_trimmed(piece) for piece in _BRACKETS.split(visible)]
    found = {_address(piece) for piece in pieces if "@" in piece}
    return found.pop() if len(found) == 1 else None


def _visible(text: str) -> str:
    """Return the text with plain blanks, composed letters and without characters that nobody sees."""
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    shown = (" " if letter.isspace() else letter for letter in unicodedata.normalize("NFKC", text))
    return "".join(letter for letter in shown if unicodedata.category(letter) not in {"Cc", "Cf"})


def _trimmed(piece: str) -> str:
    piece = piece.strip(_EDGES).rstrip(_EDGES + ".")
    while prefix := _PREFIX.match(piece):
        piece = piece[prefix.end() :]
        if prefix[1].lower() == "mailto":
            piece = unquote(piece.partition("?")[0])
        piece = piece.strip(_EDGES).rstrip(_EDGES + ".")
    return piece


def _address(piece: str) -> str | None:
    if packed := _PACKED.fullmatch(piece):
        return _read(_unpacked(packed[2])) if packed[1].lower() in {"smtp", "mailto"} else None
    name, _, domain = piece.rpartition("@")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME or _ROUTED.match(name):
        return None
    if name.startswith(".") or name.endswith("'"):
        return None
    host = ascii_domain(domain)
    return None if host is None else unicodedata.normalize("NFKC", f"{name.lower()}@{host}")


def _unpacked(packed: str) -> str:
    slashes = packed.replace("_", "/")
    return _PACKED_CHARACTER.sub(
        lambda found: bytes.fromhex(found[0].replace("+", "")).decode("utf-8", "replace"), slashes
    )


def ascii_domain(domain: str) -> str | None:
    """Return a domain as mail servers write it, in lower case; None where it is none."""
    host = domain.lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except UnicodeError:
            return None
    return host if len(host) <= _LONGEST_DOMAIN and _DOMAIN.fullmatch(host) else None
