"""One reading of all rule files: what was found wrong, and bounds on the work that a file can cause."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from shared.rule_files.problems import Problem, Severity
from shared.rule_files.reading.named_lists import Lists
from shared.rule_files.reading.suggestions import suggest

#: so many problems are shown
MAX_PROBLEMS = 100
#: so many words are compared in search of those that were probably meant
_MAX_WORDS = 3_000
#: so many steps of about 0.2 µs may the compiling of patterns take; a fair pattern takes a few hundred
_MAX_PATTERN_STEPS = 100_000
#: so many conditions are compared in search of rules that are never reached
_MAX_COMPARISONS = 30_000


class Budget:
    """Work that may be done; what has been spent is gone."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self, steps: int) -> bool:
        """Spend so many steps; return whether they were there."""
        self._left -= steps
        return not self.is_spent

    @property
    def is_spent(self) -> bool:
        """Whether more was spent than there was."""
        return self._left < 0


class ReadingEnds(Exception):
    """So many errors were found, or so much work was done, that what is left is not read."""


class Reading:
    """What the readers of all files share: the named lists, what is wrong, and budgets for work.

    `words` is for suggestions, `patterns` for compiling them, `comparisons` for rules beside each other.
    """

    def __init__(self, lists: Lists | None = None, homes: Mapping[str, str] | None = None) -> None:
        self.lists = lists or Lists()
        #: whether all rules are there, so that nothing but warnings can follow
        self.is_read = False
        #: where words stand, for those who write one in another place
        self.homes = homes or {}
        #: whether a name that no list has is a mistake, and not the echo of one where the lists stand
        self.lists_are_known = True
        self._errors: list[Problem] = []
        self._warnings: list[Problem] = []
        self._left_out: Severity | None = None
        self.words = Budget(_MAX_WORDS)
        self.patterns = Budget(_MAX_PATTERN_STEPS)
        self.comparisons = Budget(_MAX_COMPARISONS)

    @property
    def errors(self) -> int:
        """How many errors were found so far."""
        return len(self._errors)

    def note(self, problem: Problem) -> None:
        """Take note of a problem.

        Raises:
            ReadingEnds: as many as are shown were found before, and it is an error, or all is read.
        """
        kind = self._errors if problem.severity is Severity.ERROR else self._warnings
        if len(kind) < MAX_PROBLEMS:
            kind.append(problem)
            return
        self._left_out = problem.severity
        if problem.severity is Severity.ERROR or self.is_read:
            raise ReadingEnds

    def problems(self) -> tuple[Problem, ...]:
        """Return the problems by place, those past `MAX_PROBLEMS` left out: warnings before errors."""
        # What keeps the policy out of force is never left out for the sake of a warning.
        found = [*self._errors, *self._warnings]
        shown = sorted(found[:MAX_PROBLEMS], key=lambda problem: (problem.file, problem.line, problem.column))
        left_out = self._left_out or (Severity.WARNING if len(found) > MAX_PROBLEMS else None)
        if left_out is None:
            return tuple(shown)
        text = "there are more problems than these; fix these first"
        return (
            *shown,
            replace(shown[-1], rule=None, suggestion=None, other=None, text=text, severity=left_out),
        )

    def suggest(self, word: str, known: Collection[str], *, nearness: float = 0.6) -> str | None:
        """Return what was probably meant by a word; None where none is near, or too many were looked for."""
        return suggest(word, known, nearness=nearness) if self.words.spend(len(known)) else None
