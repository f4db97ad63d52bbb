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
def test_every_command_explains_itself(name: str, joinlink: Any) -> None:
    """In paragraphs as wide as the terminal, without Python's type names."""
    ran = joinlink(name, "--help")

    assert ran.exit == 0
    assert not re.search(r"<(bool|Path|str|list\[)", ran.out)
    assert f"Usage: joinlink {name}" in ran.out
    assert f" {name} " in joinlink("--help").out


@pytest.mark.parametrize("name", ["validate", "test"])
def test_help_names_the_default_folder(name: str, joinlink: Any) -> None:
    """An admin need not read the source."""
    assert "Default: rules." in joinlink(name, "--help").out


def test_help_wraps_at_the_width_of_the_terminal(joinlink: Any) -> None:
    """Not at the line breaks of the source."""
    assert "and a container of its own, and deletes them" in joinlink("doctor", "--help").out


def test_ctrl_c_at_a_question_has_its_exit_code(joinlink: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """130, as in other programs; nothing is written."""
    monkeypatch.setattr(sys, "stdin", Interrupted())
    ran = joinlink("init")

    assert (ran.exit, ran.err) == (130, "\n")
    assert not Path("rules").exists()


def test_ctrl_c_during_work_has_its_exit_code(joinlink: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any moment: 130, and no traceback."""

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.desk.Desk", interrupted)
    for words in (["status"], ["maintain"], ["replay", "--yes"], ["held"], ["memory"], ["doctor"]):
        ran = joinlink(*words)
        assert (words, ran.exit, "Traceback" in ran.err) == (words, 130, False)


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX closes streams")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("words", "ends"),
    [
        pytest.param("schema", 0, id="schema"),
        pytest.param("backfill --all", 2, id="a command that asks"),
    ],
)
def test_a_closed_stream_counts_as_empty(words: str, ends: int, closed: str) -> None:
    """A service or a script may close streams: the command ends as usual, without a traceback."""
    command = f"exec '{sys.executable}' -m cli {words} {closed}"
    ran = subprocess.run(["sh", "-c", command], cwd=ROOT, text=True, check=False, capture_output=True)  # noqa: S603, S607 -- ours

    assert (ran.returncode, "Traceback" in ran.stderr) == (ends, False)


def test_a_command_imports_only_what_it_needs() -> None:
    """The libraries for Graph and Azure take half a second to import."""
    code = "import sys, cli.app; print([name for name in ('azure', 'httpx', 'msal', 're2') if name in sys.modules])"

    assert python(code, capture_output=True).stdout == "[]\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is full")
def test_a_full_output_is_reported_in_a_sentence() -> None:
    """Without a traceback."""
    with Path("/dev/full").open("w") as full:
        ran = python(
            "import sys; sys.argv = ['joinlink', 'schema']; import cli.app; cli.app.main()",
            stdout=full,
            stderr=subprocess.PIPE,
        )

    assert (ran.returncode, ran.stderr) == (
        2,
        "joinlink: the output can't be used: No space left on device\n",
    )
