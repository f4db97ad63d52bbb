"""How texts of events and rules are normalized before they are compared."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

#: An invisible blank may separate words or be inside one, so a text that has one is compared both ways.
_HIDDEN_BLANKS = re.compile("[\u200b\ufeff]")
_BLANK, _BLANKS = re.compile(r"\s"), re.compile(r"\s+")


class Texts(NamedTuple):
    """Some texts in three forms: as the event has them, folded, and as UTF-8 bytes for patterns."""

    raw: tuple[str, ...]
    folded: tuple[str, ...]
    encoded: tuple[bytes, ...]

    def each(self) -> Iterator["Texts"]:
        """Yield the texts one by one."""
        return (Texts((raw,), (folded,), (encoded,)) for raw, folded, encoded in zip(*self, strict=True))


def fold(text: str) -> str:
    """Return the text in lower case, with composed accents, and with one space for each run of blanks."""
    if not text.isascii():
        text = composed(composed(text).casefold())
    return _BLANKS.sub(" ", text.lower())


def composed(text: str) -> str:
    """Return the text with composed accents, plain spaces and no invisible characters.

    A letter and its accents become one character. Every blank, such as the no-break space, becomes a space.
    """
    if text.isascii():
        return text
    letters = (" " if _is_wide_blank(letter) else letter for letter in unicodedata.normalize("NFC", text))
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Cf")


def _is_wide_blank(letter: str) -> bool:
    return letter > "\x7f" and (letter.isspace() or letter in "\u2800\u3164\u115f\u1160\uffa0")


def texts(*raw: str) -> Texts:
    """Return the texts in all three forms. Lone surrogates, which JSON may contain, become "?"."""
    clean = tuple(text.encode("utf-8", "replace").decode() for text in raw)
    with_hidden = tuple(text for text in clean if _HIDDEN_BLANKS.search(text))
    variants = (*clean, *(_HIDDEN_BLANKS.sub(" ", text) for text in with_hidden))
    return Texts(
        (*clean, *with_hidden),
        tuple(map(fold, variants)),
        tuple(_BLANK.sub(" ", composed(text)).encode() for text in variants),
    )
