"""Foreign text made harmless, in the one place that all output goes through.

File names, rule texts, display names, ids, what others put on a queue and the texts of errors may hold what
moves the cursor, breaks the line or turns the writing round; and a pipeline takes some lines for commands:
`::error::` at the start of a line and `##[error]` (GitHub), `##vso[...]` (Azure Pipelines), anywhere in it.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
"""

import json
import re
from typing import Any

#: what moves the cursor, breaks the line, turns the writing round or can't be seen
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
#: the same in a text in which JSON has escaped line breaks and what else is below a space
_CONTROLS_IN_JSON = re.compile(_CONTROLS.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f", 1))
_PIPELINE_MARK = re.compile(r"(?<=#)#(?=\[|vso\[)", re.IGNORECASE)
_PIPELINE_LINE = re.compile(r"^(\s*):(?=:)")
#: XML 1.0 can't hold these, not even escaped
_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


def flat(text: str) -> str:
    """Return text on one line and of the same length, without what a terminal obeys."""
    return _CONTROLS.sub(" ", text)


def line(text: str) -> str:
    """Return a whole line, of the same length, that neither a terminal nor a pipeline obeys."""
    return _PIPELINE_LINE.sub(r"\1 ", _PIPELINE_MARK.sub(" ", flat(text)))


def as_json(document: Any) -> str:
    """Return a document as JSON in which what they obey is escaped: it reads as the same document."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return _PIPELINE_MARK.sub(_escaped, _CONTROLS_IN_JSON.sub(_escaped, text))


def for_xml(text: str) -> str:
    """Return text that XML can hold."""
    return _NOT_IN_XML.sub("\ufffd", line(text))


def _escaped(match: re.Match[str]) -> str:
    # JSON escapes in UTF-16, in which a letter may be two units.
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
