"""What commands print on, and how they say no.

On a terminal, lines are broken at its width. Where nobody looks (a pipe, a file) no line is broken, so that
other tools find whole lines, and none has colours unless `FORCE_COLOR` is set. `NO_COLOR` makes all plain.
"""

import os
import sys
from enum import IntEnum
from importlib.metadata import PackageNotFoundError, version
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn, TextIO

from rich.console import Console
from rich.text import Text
from rich.theme import Theme

from cli.clean import as_json, line
from shared.errors import SettingsError

_THEME = Theme(
    {
        "good": "green",
        "bad": "bold red",
        "warn": "yellow",
        "place": "bold",
        "dim": "bright_black",
        "mark": "bold red",
        "rule": "cyan",
    },
    inherit=True,
)


class Exit(IntEnum):
    """How the command ends."""

    OK = 0
    #: errors in rules, tests that fail, an answer that can't be had
    ERRORS = 1
    #: the command can't be carried out as it was given
    USAGE = 2
    #: a person pressed Ctrl-C; as shells have it, 128 and the number of the signal
    STOPPED = 130


class Refused(Exception):
    """The command can't be carried out; the text tells an admin why, and what to do."""


class Failed(Refused):
    """The world stands in the way: rules have errors, Graph refuses, storage does not answer."""


class _CleanConsole(Console):
    """Prints one line at a time, and nothing in it that a terminal or a pipeline obeys."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as rich does."""
        super().print(*map(cleaned, objects), **options)


def cleaned(printed: Any) -> Any:
    """Return a text or Text as one harmless line, anything else as it is."""
    if isinstance(printed, Text):
        clean = printed.copy()
        clean.plain = line(printed.plain)
        return clean
    return line(printed) if isinstance(printed, str) else printed


def print_json(document: Any) -> None:
    """Print a document as JSON."""
    print(as_json(document))


def console(file: TextIO | None = None) -> Console:
    """Return what to print on; made at each call, so that it is always the stdout of now."""
    stream = file or sys.stdout
    out = _CleanConsole(
        file=stream,
        theme=_THEME,
        highlight=False,
        markup=False,
        emoji=False,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
    )
    out.soft_wrap = not stream.isatty()
    return out


def prepare() -> None:
    """Let every text be printed: a pipe on Windows knows 256 letters, unless it is told otherwise.

    A stream that the caller closed (`<&-`, `>&-`, some services) is None in Python, and as good as empty.
    """
    sys.stdin = sys.stdin or _empty("r")
    sys.stdout = sys.stdout or _empty("w")
    sys.stderr = sys.stderr or _empty("w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def _empty(mode: str) -> Any:
    return Path(os.devnull).open(mode, encoding="utf-8")


def refuse(error: Exception) -> NoReturn:
    """Say why on stderr, and end."""
    out = console(sys.stderr)
    said, *more = _lines(error)
    out.print(Text.assemble(("joinlink: ", "bad"), said))
    for each in more:
        out.print(each)
    sys.exit(Exit.ERRORS if isinstance(error, Failed) else Exit.USAGE)


def _lines(error: Exception) -> list[str]:
    """Return an error's lines: of settings each problem has its own, and only line breaks of ours count."""
    if isinstance(error, SettingsError):
        return [error.headline, *(f"  - {problem}" for problem in error.problems)]
    return [str(error)]


def write_file(file: Path, text: str) -> None:
    """Write a file, and the folders above it.

    Raises:
        Refused: it can't be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{file} can't be written: {error.strerror}") from error


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `1 rule`, `2 rules`, `no rules`."""
    return f"{number or 'no'} {noun if number == 1 else plural or noun + 's'}"


def own_version() -> str:
    """Return the version that is installed."""
    try:
        return version("joinlink")
    except PackageNotFoundError:  # run from a checkout in which `make setup` was never run
        return "0"
