"""`joinlink` as an admin calls it: words in, exit code and text out."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.app import main


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it said."""

    exit: int
    out: str
    err: str


Joinlink = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the command is called; an empty one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def joinlink(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Joinlink:
    """Return what runs the command in the folder, as from a script: nobody looks at a terminal."""
    assert folder.is_dir()

    def run(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["joinlink", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Ran(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def write(folder: Path) -> Callable[..., None]:
    """Return what writes files into the folder: `write(**{"rules/a.yaml": text})`."""

    def write_files(**files: str) -> None:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")

    return write_files
