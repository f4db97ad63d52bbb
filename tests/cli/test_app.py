import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.app import _COMMANDS

ROOT = Path(__file__).parents[2]


class Interrupted:
    """A terminal on which a person presses Ctrl-C."""

    def isatty(self) -> bool:
        return True

    def readline(self, *_: Any) -> str:
        raise KeyboardInterrupt


def python(code: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run code in another Python process."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code], env=environ, text=True, check=False, **options)  # noqa: S603 -- ours


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_every_command_has_a_help_text(name: str, joinlink: Any) -> None:
    """In words, without Python's type names."""
    result = joinlink(name, "--help")

    assert result.exit == 0
    assert not re.search(r"<(bool|path|str|list\[)", result.out)
    assert f"Usage: joinlink {name}" in result.out
    assert f" {name} " in joinlink("--help").out


@pytest.mark.parametrize("name", ["validate", "test"])
def test_help_names_the_default_folder(name: str, joinlink: Any) -> None:
    """An admin need not read the source."""
    assert "Default: the folder rules." in " ".join(joinlink(name, "--help").out.split())


def test_the_list_of_commands_cuts_no_sentence(joinlink: Any) -> None:
    """Typer cuts the first sentence of a command's help if it is longer than the line."""
    assert "..." not in joinlink("--help").out.partition("Commands:")[2]


def test_ctrl_c_at_a_question_has_its_exit_code(joinlink: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 130, as in other programs. Nothing is written."""
    monkeypatch.setattr(sys, "stdin", Interrupted())
    result = joinlink("init")

    assert (result.exit, result.err) == (130, "\n")
    assert not Path("rules").exists()


def test_ctrl_c_during_work_has_its_exit_code(joinlink: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 130, without a traceback."""

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.desk.Desk", interrupted)
    for arguments in (["status"], ["maintain"], ["replay", "--yes"], ["held"], ["memory"], ["doctor"]):
        result = joinlink(*arguments)
        assert (arguments, result.exit, "Traceback" in result.err) == (arguments, 130, False)


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX closes streams")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("arguments", "ends"),
    [
        pytest.param("schema", 0, id="schema"),
        pytest.param("backfill --all", 2, id="a command that asks"),
    ],
)
def test_a_closed_stream_counts_as_empty(arguments: str, ends: int, closed: str) -> None:
    """A service or a script may close streams: the command ends as usual, without a traceback."""
    command = f"exec '{sys.executable}' -m cli {arguments} {closed}"
    result = subprocess.run(["sh", "-c", command], cwd=ROOT, text=True, check=False, capture_output=True)  # noqa: S603, S607 -- ours

    assert (result.returncode, "Traceback" in result.stderr) == (ends, False)


def test_a_command_imports_only_what_it_needs() -> None:
    """The libraries for Graph and Azure take half a second to import."""
    code = "import sys, cli.app; print([name for name in ('azure', 'httpx', 'msal', 're2') if name in sys.modules])"

    assert python(code, capture_output=True).stdout == "[]\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is full")
def test_a_full_disk_for_the_output_is_reported_in_a_sentence() -> None:
    """Without a traceback."""
    with Path("/dev/full").open("w") as full:
        result = python(
            "import sys; sys.argv = ['joinlink', 'schema']; import cli.app; cli.app.main()",
            stdout=full,
            stderr=subprocess.PIPE,
        )

    assert (result.returncode, result.stderr) == (
        2,
        "joinlink: the output can't be used: No space left on device\n",
    )
