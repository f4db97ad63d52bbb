"""The result of one check of the doctor."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What was checked, and the result: `is_ok` is None if it is unknown. `remedy` is what to do."""

    subject: str
    is_ok: bool | None
    text: str
    remedy: str = ""


def passed(subject: str, text: str) -> Finding:
    """Return a check that found nothing wrong."""
    return Finding(subject, is_ok=True, text=text)


def failed(subject: str, text: str, remedy: str = "") -> Finding:
    """Return a check that found something that an admin must fix."""
    return Finding(subject, is_ok=False, text=text, remedy=remedy)


def unknown(subject: str, text: str) -> Finding:
    """Return a check without a result, or something to know that is not wrong."""
    return Finding(subject, is_ok=None, text=text)
