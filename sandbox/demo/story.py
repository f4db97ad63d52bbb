"""What log lines tell of one event, with repetitions, echoes and waits taken out. Pure."""

from collections.abc import Iterable, Sequence

from sandbox.demo.journal import Line
from sandbox.demo.scenes import Ending
from shared.domain.decision import Outcome, Reason

_PASSING = frozenset({Outcome.DELAYED, Outcome.SUPERSEDED})
_FOUND_ONLINE: Ending = (Outcome.SKIPPED, Reason.ALREADY_ONLINE)


def ending(line: Line) -> Ending:
    """Return outcome and reason of a line."""
    return line["outcome"], line["reason"]


def is_conclusive(line: Line) -> bool:
    """Tell whether a line ends something: it is neither a wait nor a copy of what was answered."""
    return line["outcome"] not in _PASSING


def echoes(lines: Sequence[Line]) -> list[bool]:
    """Tell of each line of an event, in order, whether it only found online what was settled before.

    Our own write makes Graph notify us again, for the organizer's copy and for those of the attendees.
    """
    first = next((n for n, line in enumerate(lines) if is_conclusive(line)), len(lines))
    return [n > first and ending(line) == _FOUND_ONLINE for n, line in enumerate(lines)]


def story(lines: Sequence[Line]) -> tuple[Ending, ...]:
    """Return what became of an event, step by step; a step that is repeated counts once."""
    told = zip(lines, echoes(lines), strict=True)
    return _without_repetition(ending(line) for line, echo in told if is_conclusive(line) and not echo)


def _without_repetition(steps: Iterable[Ending]) -> tuple[Ending, ...]:
    told: list[Ending] = []
    for step in steps:
        if told[-1:] != [step]:
            told.append(step)
    return tuple(told)
