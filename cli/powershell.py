"""Recognizes JSON of PowerShell in place of Graph's, and says how to save Graph's own."""

import re
from typing import Any

#: properties of an event, or of its wrapper, as Microsoft's PowerShell module spells them
_NAMES = frozenset({"IsOnlineMeeting", "Subject", "Organizer", "AdditionalProperties"})
#: properties of Graph that contain objects or lists
_NESTED = ("start", "end", "organizer", "body", "location", "recurrence", "attendees", "locations")
#: what ConvertTo-Json writes for an object that is deeper than its -Depth, which is 2 by default
_CUT_OFF = re.compile(r"System\.(?:Collections|Object)\b.*|@\{.*\}", re.DOTALL)


def powershell_problem(data: Any) -> str:
    """Return what is wrong with an event, or a list of events, from PowerShell; empty for any other data."""
    first = data[0] if isinstance(data, list) and data else data
    if not isinstance(first, dict):
        return ""
    if not _NAMES.isdisjoint(first):
        return (
            "is PowerShell's JSON, whose names and times are not Graph's; save Graph's own: "
            "Invoke-MgGraphRequest -OutputType Json -Uri v1.0/users/…/events/…"
        )
    values = [value for name in _NESTED for value in _listed(first.get(name))]
    if any(_CUT_OFF.fullmatch(text) for text in _texts(values)):
        return "lacks inner objects, which PowerShell's ConvertTo-Json has cut off; use -Depth 10"
    return ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(values: list[Any]) -> list[str]:
    """Return the texts among the values, and directly inside the objects among them."""
    inner = [item for value in values if isinstance(value, dict) for item in value.values()]
    return [text for text in (*values, *inner) if isinstance(text, str)]
