"""One load of all rule files: the problems found, and bounds on the work that files can cause."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from shared.rule_files.problems import Problem, Severity
from shared.rule_files.reading.named_lists import Lists
from shared.rule_files.reading.suggestions import Synonyms, suggest

#: problems that are reported
MAX_PROBLEMS = 100
#: words that are compared in search of suggestions
_MAX_WORDS = 3_000
#: steps of about 0.2 µs for compiling patterns; an ordinary pattern takes a few hundred
_MAX_PATTERN_STEPS = 100_000
#: conditions that are compared in search of contradictions and of rules that are never reached
_MAX_COMPARISONS = 30_000


class Budget:
    """An amount of work that may be done."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self, steps: int) -> bool:
        """Spend some steps; return whether the budget still had them."""
        self._left -= steps
        return not self.is_spent

    @property
    def is_spent(self) -> bool:
        """Whether more was spent than the budget had."""
        return self._left < 0


class StopReading(Exception):
    """There are too many problems, or too much work: the rest of the files is not read."""


class Session:
    """What the readers of all files share: the named lists, the problems found, and budgets for work."""

    def __init__(
        self,
        lists: Lists | None = None,
        places: Mapping[str, str] | None = None,
        synonyms: Synonyms | None = None,
    ) -> None:
        self.lists = lists or Lists()
        #: whether all files are read; then only warnings are left to find, and those may be cut off
        self.only_warnings_left = False
        #: where each key belongs, for messages about a key in the wrong place
        self.places = places or {}
        #: what people write instead of the words of rule files
        self.synonyms = synonyms or {}
        #: False where a list may be missing because of another mistake; then an unknown name is not an error
        self.has_all_lists = True
        self.suggestion_budget = Budget(_MAX_WORDS)
        self.pattern_budget = Budget(_MAX_PATTERN_STEPS)
        self.comparison_budget = Budget(_MAX_COMPARISONS)
        #: texts where the id of a group is needed, in the order of the files
        self.group_names: dict[str, None] = {}
        self._errors: list[Problem] = []
        self._warnings: list[Problem] = []
        #: the highest severity of the problems that are left out
        self._left_out: Severity | None = None

    @property
    def errors(self) -> int:
        """The number of errors found so far."""
        return len(self._errors)

    def note(self, problem: Problem) -> None:
        """Add a problem.

        Raises:
            StopReading: there are `MAX_PROBLEMS` errors, or as many warnings and only warnings are left.
        """
        same_severity = self._errors if problem.severity is Severity.ERROR else self._warnings
        if len(same_severity) < MAX_PROBLEMS:
            same_severity.append(problem)
            return
        self._left_out = problem.severity
        if problem.severity is Severity.ERROR or self.only_warnings_left:
            raise StopReading

    def problems(self) -> tuple[Problem, ...]:
        """Return at most `MAX_PROBLEMS` problems in order of place, and one more that says if there are more.

        An error is never left out for a warning.
        """
        found = [*self._errors, *self._warnings]
        reported = sorted(
            found[:MAX_PROBLEMS], key=lambda problem: (problem.file, problem.line, problem.column)
        )
        left_out = self._left_out or (Severity.WARNING if len(found) > MAX_PROBLEMS else None)
        if left_out is None:
            return tuple(reported)
        text = "there are more problems than these; fix these first"
        more = replace(reported[-1], rule=None, suggestion=None, other=None, text=text, severity=left_out)
        return (*reported, more)

    def suggest(self, word: str, known: Collection[str], *, nearness: float = 0.6) -> str | None:
        """Return the known word that was probably meant; None if none is similar, or the budget is spent."""
        if not self.suggestion_budget.spend(len(known)):
            return None
        return suggest(word, known, self.synonyms, nearness=nearness)
