"""Explains a YAML parser's errors to readers who don't know YAML's grammar."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from shared.rule_files.yaml_tree.text import Mistake


class Explanation(NamedTuple):
    """What a parser error means. It is not certain where the cause may be in another place."""

    text: str
    is_certain: bool = True


_TEMPLATE = re.compile(r"\$[{(]|\{\{|#\{|<%|\$[A-Z_]+$|%[A-Z_]+%$")
NO_TEMPLATES = 'placeholders such as "${…}" and "{{…}}" are not filled in; write the value itself'
UNUSUAL_SPACE = "this character only looks like a space; type an ordinary space"
COMMENT_IN_TEXT = 'text after "#" is a comment; if it belongs to the text, put quotes around all of it'
NO_SPACE = 'a space is missing after the ":"'
_NO_COLON = 'a ":" is missing after this key'
_OPEN_QUOTE = "this quote is never closed"
_TAB = Explanation("this is a tab; indent YAML with spaces only")
_INDENTATION = Explanation(
    "the indentation does not fit the lines above; keys of one block begin in the same column",
    is_certain=False,
)
_UNEXPECTED_TEXT = Explanation(
    "this text is not expected here; check the quotes and the indentation", is_certain=False
)

#: the character at which the parser can't continue -> its explanation
_BY_CHARACTER = {
    "\t": _TAB,
    "@": Explanation('text can\'t begin with "@" here; put quotes around it'),
    "%": Explanation('text can\'t begin with "%" here; put quotes around it'),
    "`": Explanation('text can\'t begin with "`" here; put quotes around it'),
    "]": Explanation('"]" closes a list that is not open; if it is text, put quotes around it'),
    "}": Explanation('"}" closes a block that is not open; if it is text, put quotes around it'),
    ",": Explanation("this comma has nothing before it"),
}
#: parts of parser errors whose cause depends on the character
_STOPPED_AT_CHARACTER = (
    "cannot start any token",
    "expected node content",
    "expected key",
    "expected '-'",
    "expected <document start>",
)
#: part of a parser error -> its explanation; the first match counts
_BY_ERROR = (
    ("found a tab", _TAB),
    (
        "mapping values are not allowed",
        Explanation(
            'a ":" is not expected here; put quotes around text with ": " in it, and check the indentation',
            is_certain=False,
        ),
    ),
    (
        "mapping keys are not allowed",
        Explanation('"? " is not allowed here; put quotes around text that begins with it'),
    ),
    ("sequence entries are not allowed", Explanation('begin a list with "- " on a new line, below its key')),
    ("while scanning a quoted scalar", Explanation(_OPEN_QUOTE, is_certain=False)),
    (
        "while parsing a quoted scalar",
        Explanation('YAML does not know this escape (a "\\" in double quotes); use single quotes'),
    ),
    ("expected ':'", Explanation(_NO_COLON, is_certain=False)),
    (
        "while parsing a flow mapping",
        Explanation('a "{" here or above is not closed, or a comma is missing', is_certain=False),
    ),
    (
        "while parsing a flow sequence",
        Explanation('a "[" here or above is not closed, or a comma is missing', is_certain=False),
    ),
    ("while scanning an alias", Explanation('text that begins with "*" needs quotes around it')),
    ("while scanning an anchor", Explanation('text that begins with "&" needs quotes around it')),
    ("tag", Explanation('text that begins with "!" needs quotes around it')),
    ("directive", Explanation('a line can\'t begin with "%"')),
    ("incompatible YAML document", Explanation('a line can\'t begin with "%"')),
    (
        "block scalar",
        Explanation(
            'text that begins with "|" or ">" needs quotes around it; a bound is written {at_least: 1}'
        ),
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

#: characters of a line that are searched: with 100,000 of them the patterns would take minutes
_LONGEST_LINE = 300
#: Common mistakes that make the parser stop, often only in the next line. The group marks the place.
_COMMON_MISTAKES = tuple(
    (re.compile(pattern), message)
    for pattern, message in (
        (r"[ \t]*(?:- )*(?:[a-z_]+:)?([\u00a0\u2007\u202f\u3000])", UNUSUAL_SPACE),
        (r"[^\"'#]*?(\$[{(]|\{\{)", NO_TEMPLATES),
        (r"\s*(-)[^\W\d]", 'a space is missing after the "-"'),
        (r"\s*([\u2013\u2014\u2212])\s", 'this is a long dash; begin a list with "-"'),
        (r"[^\"'#]*(\uff1a)", 'this only looks like a ":"; type an ordinary ":"'),
        (r"\s*(?:- +)*[a-z_]+\s*(=)(?!=)", 'write ":" after a key, not "="'),
        (r"\s*(//|/\*)", 'a comment begins with "#"'),
        (r"\s*(?:- +)*[a-z_]+ ?:()(?=[^\s/:])", NO_SPACE),
        (
            r"\s*(?:- +)*(?:when|unless|not|event|limits|active|provider|sweep|mailboxes): +([a-z_]+): ",
            "write this on a new line, indented, or in braces, as in when: {has_room: true}",
        ),
        (
            r"\s*(?:- +)*(?:id|description|mode|action|when|unless|(?:has|is)_[a-z_]+)()(?= +[\w{\[])",
            _NO_COLON,
        ),
        (r"[^\"'#]*[{,]\s*[a-z_]+:()(?=[^\s/:\"'])", NO_SPACE),
        (r"[^\"'#]*[{\[,](?:[^\"'#]*\s)?(#)\S", COMMENT_IN_TEXT),
    )
)
#: a double quote that opens a value, and is not an inch mark
_OPENING_QUOTE = re.compile(r'(?:^|[:\-,\[{])\s*"')
#: parts of a line whose double quotes don't count: text in single quotes, escapes, comments
_IGNORED_QUOTES = re.compile(r"'[^']*'|\\.|(^|\s)#.*")


def is_template(text: str) -> bool:
    """Return whether the text begins with a placeholder of a shell, a pipeline or a template language."""
    return _TEMPLATE.match(text) is not None


def explain(context: str | None, problem: str | None, *, before: str, after: str) -> Explanation:
    """Explain a parser error; for an unknown one, return the most likely explanation.

    `before` and `after` are the parts of the line on both sides of the place.
    """
    error = f"{context or ''} {problem or ''}"
    if any(part in error for part in _STOPPED_AT_CHARACTER):
        return _BY_CHARACTER.get(after[:1], _UNEXPECTED_TEXT if before.strip() else _INDENTATION)
    return next((explanation for part, explanation in _BY_ERROR if part in error), _INDENTATION)


def is_shown_at_begin(context: str | None, problem: str | None) -> bool:
    """Return whether the error is best shown where the construct begins, not where the parser stopped."""
    error = f"{context or ''} {problem or ''}"
    return any(part in error for part in _SHOWN_AT_BEGIN) and "parsing a quoted" not in error


def common_mistake(lines: Sequence[str]) -> Mistake | None:
    """Find a common mistake that makes the parser stop in the last of the lines; None where there is none.

    A quote that is never closed may be in any line: it swallows the lines after it.
    """
    for pattern, message in _COMMON_MISTAKES:
        for number in (len(lines) - 1, len(lines) - 2):
            found = pattern.match(lines[number][:_LONGEST_LINE]) if number >= 0 else None
            if found:
                return Mistake(number + 1, found.start(1) + 1, message)
    for number, line in enumerate(lines):
        quotes = _IGNORED_QUOTES.sub("", line)
        if quotes.count('"') % 2 and _OPENING_QUOTE.search(quotes):
            return Mistake(number + 1, line.rindex('"') + 1, _OPEN_QUOTE)
    return None
