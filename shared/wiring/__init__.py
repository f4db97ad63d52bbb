"""Builds the app from its parts, each on its first use.

Nothing is read or connected at import: a missing setting must not leave the app without functions. Heavy
modules are imported inside the builders, so that the webhook starts without what only the worker needs.
"""

from shared.wiring.joinlink import Joinlink
from shared.wiring.parts import Parts

__all__ = ["Joinlink", "Parts", "joinlink", "start"]

_started: Joinlink | None = None


def start(parts: Parts) -> Joinlink:
    """Create the app of this process, in place of one that was created before."""
    global _started  # noqa: PLW0603 -- the host calls functions, not objects: their state is the process's
    _started = Joinlink(parts)
    return _started


def joinlink() -> Joinlink:
    """Return the app of this process, which `function_app` has started."""
    assert _started is not None
    return _started
