"""Decodes the bytes of a rule file, and refuses content that is not a rule file."""

import codecs
import re
from typing import NamedTuple

MAX_BYTES = 256 * 1024

#: characters that YAML does not allow: control characters, surrogates and noncharacters
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
#: text that is never in a rule file on purpose, with the message for it
_UNWANTED = (
    (re.compile("\0"), "this is a NUL byte; remove it"),
    (FORBIDDEN, "this is an invisible control character; remove it"),
    (re.compile("[\u200b\u2060\ufeff]"), "this is an invisible character; remove it"),
    (re.compile("^(<<<<<<<|=======|>>>>>>>)( |$)", re.MULTILINE), "this is a merge conflict; resolve it"),
    (re.compile("^(```)", re.MULTILINE), "this line does not belong in a rule file; remove it"),
)
#: first bytes of files that are not UTF-8 text. UTF-32 comes first: its mark begins like that of UTF-16.
_FOREIGN_FORMATS = (
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
    """A mistake in a file's text or YAML; line and column count from 1."""

    line: int
    column: int
    text: str


class UnreadableFile(Exception):
    """The file can't be read beyond this mistake."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(mistake.text)


def decode(content: bytes) -> str:
    """Return the text of a file.

    Raises:
        UnreadableFile: the file is too large, is not UTF-8, or contains text that is never in a rule file.
    """
    if len(content) > MAX_BYTES:
        too_large = f"the file is larger than {MAX_BYTES // 1024} KiB; split it into several"
        raise UnreadableFile(Mistake(1, 1, too_large))
    if foreign_format := _foreign_format(content):
        raise UnreadableFile(Mistake(1, 1, f"the file is {foreign_format}; save it as UTF-8"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        message = "the file is not UTF-8 text; save it as UTF-8"
        raise UnreadableFile(_after(before, message)) from error
    for pattern, message in _UNWANTED:
        found = pattern.search(text)
        if found:
            raise UnreadableFile(_after(text[: found.start(found.lastindex or 0)], message))
    return text


def _foreign_format(content: bytes) -> str:
    """Return the format that the bytes are in; empty where they may be UTF-8 text."""
    named = next((name for mark, name in _FOREIGN_FORMATS if content.startswith(mark)), "")
    zeros = content.count(0)
    if named or zeros <= len(content) // 4:
        return named
    return "UTF-32 text" if zeros > len(content) * 5 // 8 else "UTF-16 text"


def _after(text: str, message: str) -> Mistake:
    """Return the mistake at the place where the text ends."""
    return Mistake(text.count("\n") + 1, len(text) - text.rfind("\n"), message)
