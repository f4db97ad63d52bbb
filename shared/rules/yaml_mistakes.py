"""What is wrong with a text as YAML, in the words of somebody who has never read YAML's grammar."""

_TAB = "a tab stands here; YAML is indented with spaces only"
_INDENT = "the indentation does not fit the lines above; keys of one block begin in the same column"

_COLON = 'a ":" stands where none can; put quotes around text that holds ": ", and check the indentation'
_ESCAPE = 'a "\\" in double quotes begins an escape that YAML does not know; use single quotes'
_UNCLOSED = "is opened here or above and never closed, or a comma is missing"

#: A part of the parser's message -> ours; the first that is found speaks.
_WORDS = (
    ("found character '\\t'", _TAB),
    ("found a tab", _TAB),
    ("found character '@'", 'text can\'t begin with "@" here; put quotes around it'),
    ("found character '%'", 'text can\'t begin with "%" here; put quotes around it'),
    ("found character '`'", 'text can\'t begin with "`" here; put quotes around it'),
    ("mapping values are not allowed", _COLON),
    ("mapping keys are not allowed", '"? " can\'t stand here; put quotes around text that begins so'),
    ("sequence entries are not allowed", 'a list with "- " begins on a line of its own, below its key'),
    ("while scanning a quoted scalar", "a quote is opened here or above and never closed"),
    ("unknown escape character", _ESCAPE),
    ("expected escape sequence", _ESCAPE),
    ("could not find expected ':'", 'a ":" is missing after this key'),
    ("while scanning a simple key", 'a ":" is missing after this key'),
    ("while parsing a flow mapping", f'a "{{" {_UNCLOSED}'),
    ("while parsing a flow sequence", f'a "[" {_UNCLOSED}'),
    ("while parsing a flow node", 'a "[" or "{" is opened and never closed'),
    ("found ']'", '"]" closes a list that was never opened; put quotes around the text if it is meant'),
    ("found '}'", '"}" closes a block that was never opened; put quotes around the text if it is meant'),
    ("<scalar>", "text stands where none can; check the quotes and the indentation"),
    ("while scanning an alias", 'text that begins with "*" needs quotes around it'),
    ("while scanning an anchor", 'text that begins with "&" needs quotes around it'),
    ("tag", 'text that begins with "!" needs quotes around it'),
    ("directive", 'a line can\'t begin with "%"'),
    ("document start", 'text stands where none can, or a line "---" is out of place'),
    ("incompatible YAML document", 'a line can\'t begin with "%"'),
    ("block scalar", 'text that begins with "|" or ">" needs quotes around it'),
)  # fmt: skip


def explain(context: str | None, problem: str | None) -> str:
    """Return the parser's complaint in plain words; of one that we don't know, the likeliest cause."""
    said = f"{context or ''} {problem or ''}"
    return next((ours for theirs, ours in _WORDS if theirs in said), _INDENT)
