"""Converts mail addresses, as calendars and directories show them, to one canonical form.

People, programs and gateways add things to an address: quotes, brackets, a display name, a prefix, invisible
characters. What is certainly not part of the address is removed. If no single valid address remains, the
address is unknown (https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/825).
"""

import html
import re
import unicodedata
from urllib.parse import unquote

import idna

#: for an address with what surrounds it; the address alone has at most 254 characters (RFC 5321)
_MAX_TEXT_LENGTH = 1_000
_MAX_NAME_LENGTH, _MAX_DOMAIN_LENGTH = 64, 253
#: most addresses are in canonical form already
_PLAIN = re.compile(r"(?!imcea)[a-z0-9_][a-z0-9_.-]{0,63}@(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*[a-z0-9]", re.ASCII)
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#[0-9]{1,5}|#x[0-9a-f]{1,4});", re.IGNORECASE)
#: characters around an address, or around a name before it
_BRACKETS = re.compile('[<>()\\[\\]{}"\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a]+')
#: a quotation mark inside a word is part of it: without it, this would be another address
_QUOTE_IN_WORD = re.compile(r'\w"\w')
_EDGES = " '\u2018\u2019\u201a\u201b`\u00b4,;:\\|"
_PREFIX = re.compile(r"(mailto|smtp):", re.IGNORECASE)
_NAME = re.compile('[^\\s@/:*<>"(),;\\[\\]\\\\\u2018\u2019\ud800-\udfff]+')
#: an address that is routed through a relay contains two addresses (SRS, BATV, VERP, bang path, percent hack)
_ROUTED = re.compile(r"prvs=|srs[01][=+-]|.*[!%]|.*=.*\.", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])", re.ASCII
)
#: Exchange encapsulates an address of another type in one of its own (MS-OXCMAIL 2.1.3.1.8)
_ENCAPSULATED = re.compile(r"imcea([a-z0-9]+?)(?:-|\+2d)(.+)@[^@]*", re.IGNORECASE | re.ASCII)
_ENCAPSULATED_CHARACTER = re.compile(r"(?:\+[0-9a-f]{2})+", re.IGNORECASE)


def read_address(text: str) -> str | None:
    """Return the one address in a text in canonical form: in lower case, the domain in ASCII.

    None if the text has no valid address, or several different ones.
    """
    if len(text) > _MAX_TEXT_LENGTH:
        return None
    return text if _PLAIN.fullmatch(text) else _read(text)


def untagged(address: str) -> str:
    """Return a canonical address without its plus tag: `ceo+board@…` reaches the mailbox of `ceo@…`.

    https://learn.microsoft.com/exchange/recipients-in-exchange-online/plus-addressing-in-exchange-online
    """
    name, at, domain = address.rpartition("@")
    user = name.partition("+")[0]
    return f"{user}{at}{domain}" if user else address


def _read(text: str) -> str | None:
    visible = _visible(text)
    if _QUOTE_IN_WORD.search(visible):
        return None
    pieces = [_trimmed(piece) for piece in _BRACKETS.split(visible)]
    found = {_address(piece) for piece in pieces if "@" in piece}
    return found.pop() if len(found) == 1 else None


def _visible(text: str) -> str:
    """Return the text with plain spaces, composed letters and no invisible characters."""
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    letters = (" " if letter.isspace() else letter for letter in unicodedata.normalize("NFKC", text))
    return "".join(letter for letter in letters if unicodedata.category(letter) not in {"Cc", "Cf"})


def _trimmed(piece: str) -> str:
    piece = piece.strip(_EDGES).rstrip(_EDGES + ".")
    while prefix := _PREFIX.match(piece):
        piece = piece[prefix.end() :]
        if prefix[1].lower() == "mailto":
            piece = unquote(piece.partition("?")[0])
        piece = piece.strip(_EDGES).rstrip(_EDGES + ".")
    return piece


def _address(piece: str) -> str | None:
    if found := _ENCAPSULATED.fullmatch(piece):
        return _read(_decapsulated(found[2])) if found[1].lower() in {"smtp", "mailto"} else None
    name, _, domain = piece.rpartition("@")
    if not _NAME.fullmatch(name) or len(name) > _MAX_NAME_LENGTH or _ROUTED.match(name):
        return None
    if name.startswith(".") or name.endswith("'"):
        return None
    host = ascii_domain(domain)
    return None if host is None else unicodedata.normalize("NFKC", f"{name.lower()}@{host}")


def _decapsulated(encapsulated: str) -> str:
    slashes = encapsulated.replace("_", "/")
    return _ENCAPSULATED_CHARACTER.sub(
        lambda found: bytes.fromhex(found[0].replace("+", "")).decode("utf-8", "replace"), slashes
    )


def ascii_domain(domain: str) -> str | None:
    """Return a domain in ASCII (punycode) and lower case; None if it is not a valid domain."""
    host = domain.lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except UnicodeError:
            return None
    return host if len(host) <= _MAX_DOMAIN_LENGTH and _DOMAIN.fullmatch(host) else None
