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


@pytest.mark.parametrize("columns", ["40", "60", "80", "160"])
def test_the_list_of_commands_cuts_no_sentence(
    columns: str, joinlink: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typer cuts the first sentence of a command's help if it is longer than the line."""
    monkeypatch.setenv("COLUMNS", columns)
    assert "..." not in joinlink("--help").out.partition("Commands:")[2]


def test_ctrl_c_at_a_question_has_its_exit_code(joinlink: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 130, as in other programs. Nothing is written."""
    monkeypatch.setattr(sys, "stdin", Interrupted())
    result = joinlink("init")

    assert (result.exit, result.err.splitlines()[1:]) == (130, [])
    assert result.err.startswith("Your mail domains")
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
    """The libraries for Graph and Azure take half a second to import; a check of rule files needs none."""
    code = (
        "import sys, cli.app; print([name for name in ('azure', 'httpx', 'msal', 're2') if name in sys.modules]);"
        "import cli.validate, cli.test; print([name for name in ('azure', 'httpx', 'msal') if name in sys.modules])"
    )

    assert python(code, capture_output=True).stdout == "[]\n[]\n"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        pytest.param("valdate", "validate", id="a letter is missing"),
        pytest.param("Explain", "explain", id="in capitals"),
        pytest.param("lint", "validate", id="a word of other tools"),
        pytest.param("uninstall", "unsubscribe", id="another word"),
    ],
)
def test_a_misspelt_command_is_refused_with_the_one_that_is_meant(
    word: str, meant: str, joinlink: Any
) -> None:
    """Like a misspelt key of a rule file."""
    result = joinlink(word)

    assert (result.exit, result.out) == (2, "")
    assert (
        result.err
        == f'joinlink: there is no command "{word}" (did you mean "{meant}"?); joinlink --help lists the commands\n'
    )


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        pytest.param(["zzzz"], 'there is no command "zzzz"; joinlink --help lists the commands', id="not similar to any"),
        pytest.param(["help"], "joinlink COMMAND --help explains one", id="help as a command"),
        pytest.param(["--json", "status"], "options come after the command: joinlink status --json", id="an option first"),
        pytest.param(["validate", "--strct"], "(Possible options: --strict)", id="a misspelt option"),
    ],
)  # fmt: skip
def test_a_wrong_call_says_what_to_type(arguments: list[str], advice: str, joinlink: Any) -> None:
    """No one must read the list of commands for a slip."""
    result = joinlink(*arguments)

    assert result.exit == 2
    assert advice in result.err


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX has these pipes")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("rules", "ends"),
    [
        pytest.param("when: {subject: x}", 0, id="valid rules"),
        pytest.param("when: {subjet: x}", 1, id="rules with an error"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "validate --json", "validate --format github", "test"])
def test_a_reader_that_ends_early_changes_no_result(
    command: str, rules: str, ends: int, unbuffered: str, folder: Path
) -> None:
    """`joinlink validate | head -1` in a pipeline passes or fails as it does without `head`."""
    (folder / "rules").mkdir()
    (folder / "rules/a.yaml").write_text(f"version: 1\nrules:\n  - id: a\n    {rules}\n")
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run(  # noqa: S603 -- ours
        [sys.executable, "-m", "cli", *command.split()],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered},
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)

    assert (ran.returncode, ran.stderr) == (ends, "")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        pytest.param(["va"], ["validate"], id="a command"),
        pytest.param(["validate", "--st"], ["--strict"], id="an option"),
        pytest.param(["validate", "--format", "s"], ["sarif"], id="a value"),
    ],
)
def test_shells_complete_commands_options_and_values(typed: list[str], offered: list[str]) -> None:
    """`joinlink --install-completion` makes a shell call the command like this."""
    words = " ".join(["joinlink", *typed])
    ran = subprocess.run(
        [sys.executable, "-m", "cli"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "_JOINLINK_COMPLETE": "complete_bash"}
        | {"COMP_WORDS": words, "COMP_CWORD": str(len(typed))},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.stdout.split(), ran.stderr) == (offered, "")


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
