"""What is wrong with a rule file, as values: where, what, and what was probably meant."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import NamedTuple


class Severity(StrEnum):
    """An error keeps the whole policy out of force; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Spot(NamedTuple):
    """A line of a file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in one place. Lines and columns count from 1; `rule` is the id of the rule.

    Where the text speaks of another place, it says `{other}` for it.
    """

    file: str
    line: int
    column: int
    text: str
    rule: str | None = None
    suggestion: str | None = None
    severity: Severity = Severity.ERROR
    other: Spot | None = None

    @property
    def said(self) -> str:
        """What is wrong."""
        return self.text if self.other is None else self.text.replace("{other}", str(self.other))

    @property
    def message(self) -> str:
        """The rule, what is wrong, and what was probably meant; without place and severity."""
        rule = f'rule "{self.rule}": ' if self.rule is not None else ""
        meant = f' (did you mean "{self.suggestion}"?)' if self.suggestion is not None else ""
        return f"{rule}{self.said}{meant}"

    def __str__(self) -> str:
        warning = "warning: " if self.severity is Severity.WARNING else ""
        return f"{self.file}:{self.line}:{self.column}: {warning}{self.message}"


_MOST_KNOWN = 300
#: What people write whose meaning the letters don't tell. None: what looks near means something else.
_SLIPS: dict[str, str | None] = {
    "attendee_count": "attendees",
    "internal_attendees": None,
    "enabled": "enforce",
    "on": "enforce",
    "disabled": "off",
    "per_day": "per_mailbox_per_day",
}


def suggest(word: str, known: Iterable[str], *, nearness: float = 0.6) -> str | None:
    """Return the known word that `word` was probably meant to be, if one is near (1 is the same)."""
    folded = {candidate.casefold(): candidate for candidate in islice(known, _MOST_KNOWN)}
    if word.casefold() in _SLIPS:
        meant = _SLIPS[word.casefold()]
        if meant is None or meant in folded:
            return meant
    near = difflib.get_close_matches(word.casefold()[:60], folded, n=1, cutoff=nearness)
    return folded[near[0]] if near else None
