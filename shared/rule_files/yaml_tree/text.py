"""The bytes of a rule file as text, or what keeps them from being any."""

import codecs
import re
from typing import NamedTuple

MAX_BYTES = 256 * 1024

#: what YAML does not allow: control characters and the like
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
#: what no rule file holds on purpose, found in the text as a whole
_UNWANTED = (
    (re.compile("\0"), "a NUL byte stands here; remove it"),
    (FORBIDDEN, "an invisible control character stands here; remove it"),
    (re.compile("[\u200b\u2060\ufeff]"), "an invisible character stands here; remove it"),
    (re.compile("^(<<<<<<<|=======|>>>>>>>)( |$)", re.MULTILINE), "a merge conflict stands here; resolve it"),
    (re.compile("^(```)", re.MULTILINE), "this line is no part of a rule file; remove it"),
)


#: how files begin that programs save in place of UTF-8 text; UTF-32's marks begin as UTF-16's do
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32 text"),
    (codecs.BOM_UTF32_BE, "UTF-32 text"),
    (codecs.BOM_UTF16_LE, "UTF-16 text"),
    (codecs.BOM_UTF16_BE, "UTF-16 text"),
    (b"+/v", "UTF-7 text"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\x1f\x8b", "compressed data"),
    (b"{\\rtf", "a document in Rich Text Format"),
    (b"%PDF-", "a PDF document"),
)


class Mistake(NamedTuple):
    """What is wrong with a file as YAML, in plain words."""

    line: int
    column: int
    text: str


class Unreadable(Exception):
    """Nothing behind this mistake can be read."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(mistake.text)


def text_of(content: bytes) -> str:
    """Return the text.

    Raises:
        Unreadable: the file is too large, is not UTF-8, or holds what no rule file holds on purpose.
    """
    if len(content) > MAX_BYTES:
        large = f"the file is larger than {MAX_BYTES // 1024} KiB; split it into several"
        raise Unreadable(Mistake(1, 1, large))
    if encoding := _foreign_encoding(content):
        raise Unreadable(Mistake(1, 1, f"the file is {encoding}; save it as UTF-8"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        raise Unreadable(_at_end_of(before, "the file is not UTF-8 text; save it as UTF-8")) from error
    for form, what in _UNWANTED:
        found = form.search(text)
        if found:
            raise Unreadable(_at_end_of(text[: found.start(found.lastindex or 0)], what))
    return text


def _foreign_encoding(content: bytes) -> str:
    """Return what the first bytes say that a file is, empty where it may be UTF-8 text."""
    named = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    zeros = content.count(0)
    if named or zeros <= len(content) // 4:
        return named
    return "UTF-32 text" if zeros > len(content) * 5 // 8 else "UTF-16 text"


def _at_end_of(text: str, what: str) -> Mistake:
    return Mistake(text.count("\n") + 1, len(text) - text.rfind("\n"), what)
