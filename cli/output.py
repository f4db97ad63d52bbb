"""Prints the output and the errors of commands, and asks the admin.

On a terminal, lines wrap at its width. In a pipe or a file no line wraps, so that other tools find whole
lines, and there are no colours unless `FORCE_COLOR` is set. `NO_COLOR` turns colours off everywhere.
"""

import os
import sys
from enum import IntEnum
from pathlib import Path
from textwrap import fill
from typing import Annotated, Any, NoReturn, TextIO

import typer
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


#: room for a short answer behind a question
_ANSWER, _NARROWEST = 4, 20

#: the option that every command has. With it, stdout has one JSON document, and all else is on stderr.
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for scripts.")]


class Exit(IntEnum):
    """The exit codes of all commands."""

    OK = 0
    #: errors in rules, failed tests, an answer that is not available
    ERRORS = 1
    #: the command can't run as it was given
    USAGE = 2
    #: Ctrl-C; by the convention of shells, 128 plus the number of the signal
    STOPPED = 130


class Refused(Exception):
    """The command can't run; the text says why, and what to do."""


class Failed(Refused):
    """The command failed: rules have errors, Graph refuses, storage does not answer."""


class _CleanConsole(Console):
    """Prints one line at a time, without control sequences for a terminal or a pipeline."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as rich does."""
        super().print(*map(cleaned, objects), **options)


def cleaned(printed: Any) -> Any:
    """Return a text or Text as one safe line, anything else as it is."""
    if isinstance(printed, Text):
        clean = printed.copy()
        clean.plain = line(printed.plain)
        return clean
    return line(printed) if isinstance(printed, str) else printed


def print_json(document: Any) -> None:
    """Print a document as JSON."""
    print(as_json(document))


def console(file: TextIO | None = None) -> Console:
    """Return a console for a stream; without one, for the current stdout."""
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


def talk(*, as_json: bool) -> Console:
    """Return the console for what a command says beside its result: stderr if stdout has JSON."""
    return console(sys.stderr if as_json else None)


def note(text: str) -> None:
    """Print on stderr what an admin should know beside the output of a command."""
    console(sys.stderr).print(f"joinlink: {text}", style="dim")


def refuse(error: Exception) -> NoReturn:
    """Print an error on stderr, and exit."""
    out = console(sys.stderr)
    first, *more = _lines(error)
    out.print(Text.assemble(("joinlink: ", "bad"), first))
    for line_of_error in more:
        out.print(line_of_error)
    sys.exit(Exit.ERRORS if isinstance(error, Failed) else Exit.USAGE)


def _lines(error: Exception) -> list[str]:
    """Return the lines of an error; only wrong settings have more than one."""
    if isinstance(error, SettingsError):
        return [error.headline, *(f"  - {problem}" for problem in error.problems)]
    return [str(error)]


def ask(question: str, hint: str) -> bool:
    """Ask a question with the answers yes and no, on stderr: stdout may be JSON, or a file.

    Raises:
        Refused: there is no terminal to ask on; `hint` names the options that need no answer.
    """
    if not sys.stdin.isatty():
        raise Refused(f"there is no terminal to ask on; {hint}")
    return confirm(question)


def confirm(question: str, *, default: bool = False) -> bool:
    """Ask a question with the answers yes and no on this terminal, on stderr."""
    text = f"{question} [{'Y/n' if default else 'y/N'}]:"
    return typer.confirm(on_terminal(text), default=default, show_default=False, prompt_suffix=" ", err=True)


def on_terminal(question: str) -> str:
    """Return a question in lines that leave room for an answer on the terminal that shows it."""
    out = console(sys.stderr)
    room = max(out.width - _ANSWER, _NARROWEST)
    return question if out.soft_wrap else fill(question, room, break_long_words=False, break_on_hyphens=False)


def write_file(file: Path, text: str) -> None:
    """Write a file, and create the folders above it.

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
