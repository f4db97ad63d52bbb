"""Texts of events and of rules, as they are compared."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

#: a blank that nobody sees stands between words or inside one, so a text with it is compared both ways
_HIDDEN_BLANKS = re.compile("[\u200b\ufeff]")
_BLANK, _BLANKS = re.compile(r"\s"), re.compile(r"\s+")


class Texts(NamedTuple):
    """Texts as they stand, as they are compared, and as patterns read them (UTF-8, accents composed)."""

    raw: tuple[str, ...]
    folded: tuple[str, ...]
    encoded: tuple[bytes, ...]

    def each(self) -> Iterator["Texts"]:
        """Yield the texts one by one."""
        return (Texts((raw,), (folded,), (encoded,)) for raw, folded, encoded in zip(*self, strict=True))


def fold(text: str) -> str:
    """Return the text as it is compared: letters case-blind, accents composed, any blanks as one space."""
    if not text.isascii():
        text = composed(composed(text).casefold())
    return _BLANKS.sub(" ", text.lower())


def composed(text: str) -> str:
    """Return the text as most programs write it.

    A letter and its accents are one character, every blank (the no-break space too) is a space, and
    characters that nobody sees are left out.
    """
    if text.isascii():
        return text
    whole = (" " if _is_wide_blank(letter) else letter for letter in unicodedata.normalize("NFC", text))
    return "".join(letter for letter in whole if unicodedata.category(letter) != "Cf")


def _is_wide_blank(letter: str) -> bool:
    return letter > "\x7f" and (letter.isspace() or letter in "\u2800\u3164\u115f\u1160\uffa0")


def texts(*raw: str) -> Texts:
    """Return the texts ready to be compared; lone surrogates, which JSON can carry, become "?"."""
    clean = tuple(text.encode("utf-8", "replace").decode() for text in raw)
    apart = tuple(text for text in clean if _HIDDEN_BLANKS.search(text))
    ways = (*clean, *(_HIDDEN_BLANKS.sub(" ", text) for text in apart))
    return Texts(
        (*clean, *apart),
        tuple(map(fold, ways)),
        tuple(_BLANK.sub(" ", composed(text)).encode() for text in ways),
    )
