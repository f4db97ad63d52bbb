"""Removes control sequences from text; all output goes through here.

File names, rule texts, display names, ids, queue messages and error texts come from others. They may contain
characters that move the cursor, break the line or change the writing direction. Pipelines also run commands
from output: `::error::` at the start of a line, `##[error]` (GitHub) and `##vso[...]` (Azure Pipelines)
anywhere in it.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
"""

import json
import re
from typing import Any

#: characters that move the cursor, break the line, change the writing direction or are invisible
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
#: the same for JSON, which has its line breaks from us: all others are escaped
_CONTROLS_IN_JSON = re.compile(_CONTROLS.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f", 1))
_PIPELINE_MARK = re.compile(r"(?<=#)#(?=\[|vso\[)", re.IGNORECASE)
_PIPELINE_LINE = re.compile(r"^(\s*):(?=:)")
#: XML 1.0 does not allow these, not even escaped
_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


def flat(text: str) -> str:
    """Return text of the same length on one line, without control characters for a terminal."""
    return _CONTROLS.sub(" ", text)


def line(text: str) -> str:
    """Return a whole line of the same length, without commands for a terminal or a pipeline."""
    return _PIPELINE_LINE.sub(r"\1 ", _PIPELINE_MARK.sub(" ", flat(text)))


def as_json(document: Any) -> str:
    """Return a document as JSON in which such characters are escaped; it parses to the same document."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return _PIPELINE_MARK.sub(_escaped, _CONTROLS_IN_JSON.sub(_escaped, text))


def for_xml(text: str) -> str:
    """Return text that is valid in XML."""
    return _NOT_IN_XML.sub("\ufffd", line(text))


def _escaped(match: re.Match[str]) -> str:
    # JSON escapes are UTF-16, in which a character may have two units.
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
