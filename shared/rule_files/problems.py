"""What is wrong with a rule file, as values: where, what, and what was probably meant."""

from dataclasses import dataclass
from enum import StrEnum
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
