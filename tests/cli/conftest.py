"""Runs `joinlink` in the test's process."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.app import main


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command: exit code, stdout and stderr."""

    exit: int
    out: str
    err: str


Joinlink = Callable[..., CommandResult]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of the command, which is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def joinlink(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Joinlink:
    """Return a function that runs the command in the folder, without a terminal."""
    assert folder.is_dir()

    def run(*arguments: str) -> CommandResult:
        monkeypatch.setattr(sys, "argv", ["joinlink", *arguments])
        with pytest.raises(SystemExit) as exited:
            main()
        output = capsys.readouterr()
        return CommandResult(int(exited.value.code or 0), output.out, output.err)

    return run


@pytest.fixture
def write(folder: Path) -> Callable[..., None]:
    """Return a function that writes files into the folder: `write(**{"rules/a.yaml": text})`."""

    def write_files(**files: str) -> None:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")

    return write_files
