"""Finds common mistakes that a YAML parser reports in other words, or in another line."""

import re
from collections.abc import Sequence

from shared.rule_files.yaml_tree.text import Mistake

_TEMPLATE = re.compile(r"\$[{(]|\{\{|#\{|<%|\$[A-Z_]+$|%[A-Z_]+%$")
NO_TEMPLATES = 'placeholders such as "${…}" and "{{…}}" are not filled in; write the value itself'
UNUSUAL_SPACE = "this character only looks like a space; type an ordinary space"
COMMENT_IN_TEXT = 'text after "#" is a comment; if it belongs to the text, put quotes around all of it'
NO_SPACE = 'a space is missing after the ":"'
NO_COLON = 'a ":" is missing after this key'
OPEN_QUOTE = "this quote is never closed"

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
            NO_COLON,
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
            return Mistake(number + 1, line.rindex('"') + 1, OPEN_QUOTE)
    return None
