"""The bytes of a rule file as text, or what keeps them from being any."""

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
    if content.count(0) > len(content) // 4:
        raise Unreadable(Mistake(1, 1, "the file is UTF-16 text; save it as UTF-8"))
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


def _at_end_of(text: str, what: str) -> Mistake:
    return Mistake(text.count("\n") + 1, len(text) - text.rfind("\n"), what)
