"""What the day is made of: scenes, each a meeting and how it has to end, and acts, which begin at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from sandbox.demo.contoso import Contoso, Meeting, Unheard

Ending = tuple[str, str]
"""An outcome and its reason."""

GUEST = "bo@fabrikam.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One meeting.

    `story` is what must become of it, echoes and copies aside; `link` the provider of the join link that it
    must have in Graph at the day's end, None for no link. `guests` are addresses, `properties` more of the
    event's. `prepare` happens before Graph tells anybody of the meeting; where Graph tells nobody, `unheard`
    says why, and only a sweep finds it.
    """

    who: str
    subject: str
    special: str
    story: tuple[Ending, ...]
    link: str | None = None
    guests: tuple[str, ...] = (GUEST,)
    properties: Mapping[str, Any] = field(default_factory=dict)
    unheard: Unheard | None = None
    #: the subject of another's meeting, of which this is the owner's copy
    copy_of: str = ""
    prepare: Callable[[Contoso, Meeting], object] = lambda _contoso, _meeting: None

    def body(self) -> dict[str, Any]:
        """Return the event as the owner's client sends it to Graph."""
        return {
            "subject": self.subject,
            "start": {"dateTime": "2026-11-24T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-11-24T10:45:00", "timeZone": "UTC"},
            "attendees": [{"type": "required", "emailAddress": {"address": guest}} for guest in self.guests],
            **self.properties,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What begins at a time of the day: meetings planned, and things done to earlier ones."""

    at: time
    title: str
    scenes: tuple[Scene, ...] = ()
    doings: tuple[Callable[[Contoso], object], ...] = ()
