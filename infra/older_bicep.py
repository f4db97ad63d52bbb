"""Bicep in the older form that checkov can parse: the same resources, without what its parser does not know.

Types become `object`, conditions inside loops are dropped, and a ternary is put on one line.
"""

import re

_TYPE = re.compile(r"^type \w+ = \{\n(?:.*\n)*?\}\n", re.MULTILINE)
_PARAM = re.compile(r"^(param \w+) (?:\w+Map|\{ \*: string \}|string\[\]|string\?)", re.MULTILINE)
_VARIABLE = re.compile(r"^(var \w+) \w+\[\] =", re.MULTILINE)
_LOOP = re.compile(r"^(  for .*: )if \(.*\) \{$", re.MULTILINE)
_TERNARY = re.compile(r"\n +\? (\[\n(?:.*\n)*? +\])\n +: ")
_COMMENT = re.compile(r"(?<=[\w'}\]]) // .*$", re.MULTILINE)


def older(text: str) -> str:
    """Return the text of a Bicep file in the older form."""
    text = _TYPE.sub("", text)
    text = _PARAM.sub(_param, text)
    text = _VARIABLE.sub(r"\1 =", text)
    text = _LOOP.sub(r"\1{", text)
    text = _TERNARY.sub(lambda found: f" ? {found[1]} : ", text)
    text = text.replace("[?alert.id] ?? alert.threshold", "[alert.id]")
    return _COMMENT.sub("", text)


def _param(found: re.Match[str]) -> str:
    kind = "array" if found[0].endswith("[]") else "string" if found[0].endswith("?") else "object"
    return f"{found[1]} {kind}"
