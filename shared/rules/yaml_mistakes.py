"""What is wrong with a text as YAML, in the words of somebody who has never read YAML's grammar."""

_INDENT = "the indentation does not fit the lines above; keys of one block begin in the same column"
_MISPLACED = "text stands where none can; check the quotes and the indentation"
_COLON = 'a ":" stands where none can; put quotes around text that holds ": ", and check the indentation'
_ESCAPE = 'a "\\" in double quotes begins an escape that YAML does not know; use single quotes'
_UNCLOSED = "is opened here or above and never closed, or a comma is missing"
_QUOTE = "a quote is opened here and never closed"
_CLOSES = "that was never opened; put quotes around the text if it is meant"
_TAB = "a tab stands here; YAML is indented with spaces only"

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
    ("expected ':'", 'a ":" is missing after this key'),
    ("while parsing a flow mapping", f'a "{{" {_UNCLOSED}'),
    ("while parsing a flow sequence", f'a "[" {_UNCLOSED}'),
    ("while scanning an alias", 'text that begins with "*" needs quotes around it'),
    ("while scanning an anchor", 'text that begins with "&" needs quotes around it'),
    ("tag", 'text that begins with "!" needs quotes around it'),
    ("directive", 'a line can\'t begin with "%"'),
    ("incompatible YAML document", 'a line can\'t begin with "%"'),
    ("block scalar", 'text that begins with "|" or ">" needs quotes around it'),
)
#: Complaints about something that began earlier, at the mark that the parser calls context.
_BEGAN_EARLIER = (
    "a quoted scalar", "expected ':'", "an alias", "an anchor", "a tag", "a directive", "a block scalar",
)  # fmt: skip


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
