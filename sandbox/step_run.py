"""Runs one step of set-up: shows its progress on one line, and its output only if it fails.

Like set-up, it uses only the standard library.
"""

from __future__ import annotations  # set-up imports this before it checks its Python version

import os
import selectors
import shutil
import subprocess
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: lines of output that are shown if a step fails
_MOST_SHOWN = 30
#: how long a child may take to end after Ctrl-C, which it has got, too
_STOP_SECONDS = 10
_PIECE = 1 << 16


@dataclass
class StepLine:
    """The line of a step, `[2/4] Azurite, 190 MB … 12 s`: rewritten on a terminal, else printed once."""

    text: str
    out: TextIO
    began: float = field(default_factory=time.monotonic)

    def show(self, progress: str = "") -> None:
        """Rewrite the line on a terminal; a line that is too long for it could not be rewritten."""
        if self.out.isatty():
            end = f" … {progress or f'{self._seconds} s'}"
            room = shutil.get_terminal_size().columns - len(end) - 1
            self._print(f"\r{self.text[: max(room, 0)]}{end}\033[K")

    def begin(self) -> None:
        """Print the line where it can't be rewritten: a pipe shows at once what takes so long."""
        if not self.out.isatty():
            self._print(f"{self.text} …\n")

    def end(self, result: str = "done") -> None:
        """Print the result and the time."""
        begin = "\r" if self.out.isatty() else ""
        clear = "\033[K" if self.out.isatty() else ""
        self._print(f"{begin}{self.text}: {result} in {self._seconds} s{clear}\n")

    @property
    def _seconds(self) -> int:
        return round(time.monotonic() - self.began)

    def _print(self, text: str) -> None:
        print(text, end="", file=self.out, flush=True)


def run(command: list[str], *, cwd: str, line: StepLine, progress: Callable[[str], str] | None = None) -> str:
    """Run a command; return its last output if it fails, and an empty text if it succeeds.

    `progress` gets each line of output, and returns what to show of it, or an empty text.

    Raises:
        KeyboardInterrupt: Ctrl-C; the command has ended by then.
    """
    last: deque[str] = deque(maxlen=_MOST_SHOWN)
    shown = ""
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:  # noqa: S603 -- ours
        try:
            for text in _lines(process):
                if text:
                    last.append(text)
                    shown = (progress(text) if progress else "") or shown
                line.show(shown)
        except KeyboardInterrupt:
            _stop(process)
            raise
    return "" if process.returncode == 0 else "\n".join(last) or "(it printed nothing)"


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """Yield each line of output, and an empty text for each second without one."""
    assert process.stdout is not None
    handle = process.stdout.fileno()
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_READ)
        while True:
            if not selector.select(timeout=1):
                yield ""
                continue
            piece = os.read(handle, _PIECE)
            *whole, rest = (rest + piece).split(b"\n")
            for each in whole if piece else [rest]:
                yield each.decode("utf-8", "replace").strip()
            if not piece:
                return


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
