"""Shows the progress of a long command on stderr: a bar on a terminal, else up to ten lines."""

import sys
from types import TracebackType
from typing import Self

from rich import progress

from cli.output import console

#: lines that are printed without a terminal
_LINES = 10


class Progress:
    """Counts steps and shows them."""

    def __init__(self, doing: str, steps: int) -> None:
        self._doing = doing
        self._steps = steps
        self._done = 0
        self._out = console(sys.stderr)
        self._bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(),
            console=self._out,
            disable=self._out.soft_wrap,
            transient=True,
        )

    def step(self) -> None:
        """Count a step."""
        self._done += 1
        self._bar.advance(self._task)
        is_due = self._done * _LINES // self._steps > (self._done - 1) * _LINES // self._steps
        if is_due and self._out.soft_wrap:
            self._out.print(f"{self._doing}: {self._done} of {self._steps}")

    def __enter__(self) -> Self:
        self._bar.start()
        self._task = self._bar.add_task(self._doing, total=self._steps)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
