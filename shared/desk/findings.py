"""What looking at one thing came to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: well, not well, or (None) not told. `remedy` is what to do then."""

    what: str
    is_well: bool | None
    said: str
    remedy: str = ""


def well(what: str, said: str) -> Finding:
    """Return that it is as it should be."""
    return Finding(what, is_well=True, said=said)


def wrong(what: str, said: str, remedy: str = "") -> Finding:
    """Return that somebody must act, and how."""
    return Finding(what, is_well=False, said=said, remedy=remedy)


def untold(what: str, said: str) -> Finding:
    """Return that nothing can be said of it, or need be."""
    return Finding(what, is_well=None, said=said)
