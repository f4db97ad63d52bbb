"""What is wrong with a text as YAML, in the words of somebody who has never read YAML's grammar."""

import re
from collections.abc import Sequence

from shared.rule_files.yaml_tree.text import Mistake

_INDENT = "the indentation does not fit the lines above; keys of one block begin in the same column"
_MISPLACED = "text stands where none can; check the quotes and the indentation"
_COLON = 'a ":" stands where none can; put quotes around text that holds ": ", and check the indentation'
_ESCAPE = 'a "\\" in double quotes begins an escape that YAML does not know; use single quotes'
_UNCLOSED = "is opened here or above and never closed, or a comma is missing"
_BRACE, _BRACKET = f'a "{{" {_UNCLOSED}', f'a "[" {_UNCLOSED}'
_NO_COLON = 'a ":" is missing after this key'
_QUOTE = "a quote is opened here and never closed"
_CLOSES = "that was never opened; put quotes around the text if it is meant"
_TAB = "a tab stands here; YAML is indented with spaces only"

#: what may have its cause somewhere else
VAGUE = frozenset((_INDENT, _MISPLACED, _COLON, _BRACE, _BRACKET, _NO_COLON, _QUOTE))

#: what stands where nothing can be read -> what to say of it
_CHARACTERS = {
    "\t": _TAB,
    "@": 'text can\'t begin with "@" here; put quotes around it',
    "%": 'text can\'t begin with "%" here; put quotes around it',
    "`": 'text can\'t begin with "`" here; put quotes around it',
    "]": f'"]" closes a list {_CLOSES}',
    "}": f'"}}" closes a block {_CLOSES}',
    ",": "a comma stands here without anything before it",
}
#: Parts of the parser's complaints about what stands here or what is missing.
_LOST = (
    "cannot start any token",
    "expected node content",
    "expected key",
    "expected '-'",
    "expected <document start>",
)

#: A part of the parser's complaint -> ours; the first that is found speaks.
_WORDS = (
    ("found a tab", _TAB),
    ("mapping values are not allowed", _COLON),
    ("mapping keys are not allowed", '"? " can\'t stand here; put quotes around text that begins so'),
    ("sequence entries are not allowed", 'a list with "- " begins on a line of its own, below its key'),
    ("while scanning a quoted scalar", _QUOTE),
    ("while parsing a quoted scalar", _ESCAPE),
    ("expected ':'", _NO_COLON),
    ("while parsing a flow mapping", _BRACE),
    ("while parsing a flow sequence", _BRACKET),
    ("while scanning an alias", 'text that begins with "*" needs quotes around it'),
    ("while scanning an anchor", 'text that begins with "&" needs quotes around it'),
    ("tag", 'text that begins with "!" needs quotes around it'),
    ("directive", 'a line can\'t begin with "%"'),
    ("incompatible YAML document", 'a line can\'t begin with "%"'),
    ("block scalar", 'text that begins with "|" or ">" needs quotes around it; a bound is {at_least: 1}'),
)
#: Complaints about something that began earlier, at the mark that the parser calls context.
_BEGAN_EARLIER = (
    "a quoted scalar", "expected ':'", "an alias", "an anchor", "a tag", "a directive", "a block scalar",
)  # fmt: skip


#: a person's line; in one of a hundred thousand characters the search would take minutes
_LONGEST_LINE = 300
#: what other programs fill in: a shell, a pipeline, a template
FILLED_IN = re.compile(r"\$[{(]|\{\{|#\{|<%|\$[A-Z_]+$|%[A-Z_]+%$")
NOT_FILLED_IN = 'nothing fills in "${…}", "{{…}}" and the like here; write the value itself'
FALSE_SPACE = "a space stands here that only looks like one; type it anew"
_SPACE = 'a space is missing after the ":"'
#: slips that make a parser stumble, most often in the next line; the mistake stands where a group begins
_SLIPS = tuple(
    (re.compile(form), said)
    for form, said in (
        (r"[ \t]*(?:- )*(?:[a-z_]+:)?([\u00a0\u2007\u202f\u3000])", FALSE_SPACE),
        (r"[^\"'#]*?(\$[{(]|\{\{)", NOT_FILLED_IN),
        (r"\s*(-)[^\W\d]", 'a space is missing after the "-"'),
        (r"\s*([\u2013\u2014\u2212])\s", 'a list begins with "-", and this is a longer dash'),
        (r"[^\"'#]*(\uff1a)", 'this is the ":" of another script; type it anew'),
        (r"\s*(?:- +)*[a-z_]+\s*(=)(?!=)", 'a key has a ":" behind it, not a "="'),
        (r"\s*(//|/\*)", 'a comment begins with "#"'),
        (r"\s*(?:- +)*[a-z_]+ ?:()(?=[^\s/:])", _SPACE),
        (
            r"\s*(?:- +)*(?:when|unless|not|event|limits|active|provider|sweep|mailboxes): +([a-z_]+): ",
            "this belongs on a line of its own, indented, or in braces, as in when: {has_room: true}",
        ),
        (
            r"\s*(?:- +)*(?:id|description|mode|action|when|unless|(?:has|is)_[a-z_]+)()(?= +[\w{\[])",
            _NO_COLON,
        ),
        (r"[^\"'#]*[{,]\s*[a-z_]+:()(?=[^\s/:\"'])", _SPACE),
        (
            r"[^\"'#]*[{\[,](?:[^\"'#]*\s)?(#)\S",
            'from "#" on this is a comment; put quotes around the text if it is meant',
        ),
    )
)


def likely_cause(lines: Sequence[str]) -> Mistake | None:
    """Return the slip that makes the parser stumble in the last of the lines, None where none is to be seen.

    A quote that is never closed swallows lines, so it is looked for in all of them.
    """
    for form, said in _SLIPS:
        for number in (len(lines) - 1, len(lines) - 2):
            found = form.match(lines[number][:_LONGEST_LINE]) if number >= 0 else None
            if found:
                return Mistake(number + 1, found.start(1) + 1, said)
    for number, line in enumerate(lines):
        quotes = _QUOTES.sub("", line)
        if quotes.count('"') % 2 and _VALUE_QUOTE.search(quotes):
            return Mistake(number + 1, line.rindex('"') + 1, _QUOTE)
    return None


#: a quote that opens a value, and is no inch mark
_VALUE_QUOTE = re.compile(r'(?:^|[:\-,\[{])\s*"')
#: text in single quotes, escapes and comments: what their double quotes say does not count
_QUOTES = re.compile(r"'[^']*'|\\.|(^|\s)#.*")


def began_earlier(context: str | None, problem: str | None) -> bool:
    """Return whether the mistake is best shown where the thing began, not where the parser gave up."""
    said = f"{context or ''} {problem or ''}"
    return any(part in said for part in _BEGAN_EARLIER) and "parsing a quoted" not in said


def explain(context: str | None, problem: str | None, *, before: str, after: str) -> str:
    """Return the parser's complaint in plain words; of one that we don't know, the likeliest cause.

    `before` and `after` are the parts of the line on both sides of the place.
    """
    said = f"{context or ''} {problem or ''}"
    if any(lost in said for lost in _LOST):
        unreadable = _MISPLACED if before.strip() else _INDENT
        return _CHARACTERS.get(after[:1], unreadable)
    return next((ours for theirs, ours in _WORDS if theirs in said), _INDENT)
