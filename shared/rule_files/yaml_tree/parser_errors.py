"""Explains errors of the YAML parser to readers who don't know YAML's grammar."""

from typing import Any, NamedTuple

from yaml import MarkedYAMLError

from shared.rule_files.yaml_tree.common_mistakes import NO_COLON, OPEN_QUOTE, common_mistake
from shared.rule_files.yaml_tree.text import Mistake


class _Meaning(NamedTuple):
    """What a parser error means. It is not certain where the cause may be in another place."""

    text: str
    is_certain: bool = True


_TAB = _Meaning("this is a tab; indent YAML with spaces only")
_INDENTATION = _Meaning(
    "the indentation does not fit the lines above; keys of one block begin in the same column",
    is_certain=False,
)
_UNEXPECTED_TEXT = _Meaning(
    "this text is not expected here; check the quotes and the indentation", is_certain=False
)

#: the character at which the parser can't continue -> what it means
_BY_CHARACTER = {
    "\t": _TAB,
    "@": _Meaning('text can\'t begin with "@" here; put quotes around it'),
    "%": _Meaning('text can\'t begin with "%" here; put quotes around it'),
    "`": _Meaning('text can\'t begin with "`" here; put quotes around it'),
    "]": _Meaning('"]" closes a list that is not open; if it is text, put quotes around it'),
    "}": _Meaning('"}" closes a block that is not open; if it is text, put quotes around it'),
    ",": _Meaning("this comma has nothing before it"),
}
#: parts of parser errors whose cause depends on the character
_STOPPED_AT_CHARACTER = (
    "cannot start any token",
    "expected node content",
    "expected key",
    "expected '-'",
    "expected <document start>",
)
#: part of a parser error -> what it means; the first match counts
_BY_ERROR = (
    ("found a tab", _TAB),
    (
        "mapping values are not allowed",
        _Meaning(
            'a ":" is not expected here; put quotes around text with ": " in it, and check the indentation',
            is_certain=False,
        ),
    ),
    (
        "mapping keys are not allowed",
        _Meaning('"? " is not allowed here; put quotes around text that begins with it'),
    ),
    ("sequence entries are not allowed", _Meaning('begin a list with "- " on a new line, below its key')),
    ("while scanning a quoted scalar", _Meaning(OPEN_QUOTE, is_certain=False)),
    (
        "while parsing a quoted scalar",
        _Meaning('YAML does not know this escape (a "\\" in double quotes); use single quotes'),
    ),
    ("expected ':'", _Meaning(NO_COLON, is_certain=False)),
    (
        "while parsing a flow mapping",
        _Meaning('a "{" here or above is not closed, or a comma is missing', is_certain=False),
    ),
    (
        "while parsing a flow sequence",
        _Meaning('a "[" here or above is not closed, or a comma is missing', is_certain=False),
    ),
    ("while scanning an alias", _Meaning('text that begins with "*" needs quotes around it')),
    ("while scanning an anchor", _Meaning('text that begins with "&" needs quotes around it')),
    ("tag", _Meaning('text that begins with "!" needs quotes around it')),
    ("directive", _Meaning('a line can\'t begin with "%"')),
    ("incompatible YAML document", _Meaning('a line can\'t begin with "%"')),
    (
        "block scalar",
        _Meaning('text that begins with "|" or ">" needs quotes around it; a bound is written {at_least: 1}'),
    ),
)
#: parts of parser errors that are best shown where the construct begins, the parser's context mark
_SHOWN_AT_BEGIN = (
    "a quoted scalar",
    "expected ':'",
    "an alias",
    "an anchor",
    "a tag",
    "a directive",
    "a block scalar",
)


def explain(error: MarkedYAMLError, text: str) -> Mistake:
    """Return what is wrong with the text, and where, for an error of the parser."""
    context, problem = error.context or "", error.problem or ""
    complaint = f"{context} {problem}"
    is_early = error.context_mark is not None and _is_shown_at_begin(complaint)
    mark = error.context_mark if is_early else error.problem_mark or error.context_mark
    if mark is None:
        return at_mark(None, _meaning(complaint, before="", after="").text)
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    meaning = _meaning(complaint, before=line[: mark.column], after=line[mark.column :])
    cause = None if meaning.is_certain else common_mistake(lines[: mark.line + 1])
    if cause is not None:
        return cause
    begin: Any = error.context_mark
    if "while parsing a flow" in context and begin is not None and begin.line < mark.line:
        return at_mark(begin, meaning.text)
    return at_mark(mark, meaning.text)


def at_mark(mark: Any, text: str) -> Mistake:
    """Return a mistake at a mark of the parser; at the begin of the file if there is none."""
    return Mistake(mark.line + 1, mark.column + 1, text) if mark else Mistake(1, 1, text)


def _is_shown_at_begin(complaint: str) -> bool:
    """Return whether the error is best shown where the construct begins, not where the parser stopped."""
    return any(part in complaint for part in _SHOWN_AT_BEGIN) and "parsing a quoted" not in complaint


def _meaning(complaint: str, *, before: str, after: str) -> _Meaning:
    """Return the meaning of the parser's words; `before` and `after` are the line on both sides of the place.

    For unknown words, this is the most likely meaning.
    """
    if any(part in complaint for part in _STOPPED_AT_CHARACTER):
        return _BY_CHARACTER.get(after[:1], _UNEXPECTED_TEXT if before.strip() else _INDENTATION)
    return next((meaning for part, meaning in _BY_ERROR if part in complaint), _INDENTATION)
