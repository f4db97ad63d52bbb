"""Problems of rule files, as values: the place, the text and a suggestion."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How serious a problem is: with an error the policy can't be used, with a warning it can."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of a file; lines count from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem in one place. Lines and columns count from 1; `rule` is the id of the rule.

    Where the text refers to another place, it contains `{other}`.
    """

    file: str
    line: int
    column: int
    text: str
    rule: str | None = None
    suggestion: str | None = None
    severity: Severity = Severity.ERROR
    other: FileLine | None = None

    @property
    def full_text(self) -> str:
        """The text, with the other place filled in."""
        return self.text if self.other is None else self.text.replace("{other}", str(self.other))

    @property
    def message(self) -> str:
        """The rule, the text and the suggestion; without place and severity."""
        rule = f'rule "{self.rule}": ' if self.rule is not None else ""
        suggestion = f' (did you mean "{self.suggestion}"?)' if self.suggestion is not None else ""
        return f"{rule}{self.full_text}{suggestion}"

    def __str__(self) -> str:
        warning = "warning: " if self.severity is Severity.WARNING else ""
        return f"{self.file}:{self.line}:{self.column}: {warning}{self.message}"
