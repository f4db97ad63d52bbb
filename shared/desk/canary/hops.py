"""The hops of a canary through the chain, and the result of each."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Hop(StrEnum):
    """A place that the meeting passes, in the order of the chain."""

    CREATED = "created"
    NOTIFIED = "notified"
    DECIDED = "decided"
    PATCHED = "patched"
    VERIFIED = "verified"
    #: a second change of the event adds nothing; or the app leaves the event as it is
    UNCHANGED = "unchanged"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class HopResult:
    """Whether a hop was passed (None: unknown), how long after the creation, and what to check next."""

    hop: Hop
    is_ok: bool | None
    text: str
    after: timedelta | None = None
    check_next: str = ""
