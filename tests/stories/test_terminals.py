"""Every command on a narrow terminal, and in a pipe: no line is wider than the terminal, no colour in a pipe."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.cells import cell_len

from cli.app import app
from sandbox.graph import DirectoryUser
from tests.cli.conftest import CommandResult
from tests.stories.canary_story import app_runs
from tests.stories.conftest import RULES, RunJoinlink, Story, TypedAnswer
from tests.stories.test_at_most_once import GUEST
from tests.stories.test_maintenance import maintain

NARROW = 60
GROUP: Any = typer.main.get_command(app)
PILOT = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[0-9;]*[39][0-7]m")
#: an event's id, a path and a link of the stand-in are copied whole
WHOLE = re.compile(r"\s*(\S+\s)?\S*(/|AAkA)\S+")
BAD_RULES = 'version: 1\nrules:\n  - id: a\n    when: {duration: {at_least: ">15m"}, member_of: Sales Team}\n'
ADA = ("--mailbox", "ada@contoso.com")
COMMANDS: dict[str, list[tuple[str, ...]]] = {
    "init": [("init", "--yes", "--force", "first.yaml")],
    "validate": [("validate", "good.yaml"), ("validate", "bad.yaml"), ("validate", "--online", "good.yaml")],
    "test": [("test", "first.yaml")],
    "explain": [("explain", *ADA, "--event-id", "{event}"), ("explain", *ADA), ("explain", "--event", "bad.yaml")],
    "events": [("events", *ADA, "--with-subjects"), ("events", "--mailbox", "nobody@contoso.com")],
    "preview": [("preview", *ADA)],
    "doctor": [("doctor", *ADA)],
    "status": [("status",)],
    "history": [("history", *ADA), ("history", "--since", "soon")],
    "stats": [("stats", "log.jsonl"), ("stats",)],
    "maintain": [("maintain",)],
    "held": [("held",)],
    "memory": [("memory",)],
    "replay": [("replay", "--dry-run")],
    "backfill": [("backfill", "--all", "--dry-run"), ("backfill", "--all"), ("backfill", "--group", PILOT)],
    "canary": [("canary", *ADA), ("canary", *ADA, "--yes")],
    "prove": [("prove", *ADA), ("prove", *ADA, "--yes", "--row", "if-match", "--output", "proof.md")],
    "unsubscribe": [("unsubscribe", "--all"), ("unsubscribe", "--undo")],
    "permissions": [("permissions", "good.yaml")],
    "schema": [("schema",), ("schema", "duration"), ("schema", "no_such_key")],
    "no command": [(), ("valdate",), ("--json", "status"), ("--help",)],
}  # fmt: skip


@pytest.fixture
def ada(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DirectoryUser:
    """Return a person with two meetings, one of which got its link; and files for the commands."""
    ada = story.add_person("Ada", watched=False)
    maintain(story)
    story.create_meeting(
        ada, GUEST, subject="A meeting with a long subject, about more than one thing at once"
    )
    story.run_until_idle()
    story.create_meeting(ada, *(f"guest-{number}@fabrikam.com" for number in range(3)))
    lines = [record.getMessage() for record in story.caplog.records if record.name == "joinlink"]
    (tmp_path / "files").mkdir()
    monkeypatch.chdir(tmp_path / "files")
    Path("log.jsonl").write_text("\n".join(lines))
    Path("bad.yaml").write_text(BAD_RULES)
    Path("good.yaml").write_text(RULES + f"mailboxes: {{include: [{{group: {PILOT}}}]}}\n")
    return ada


def commands(event: str) -> Iterator[tuple[str, ...]]:
    """Yield every command line, and the help of every command."""
    for name, examples in COMMANDS.items():
        yield from (tuple(word.format(event=event) for word in each) for each in examples)
        yield from [(name, "--help")] if name in GROUP.list_commands(None) else []


def too_wide(result: CommandResult) -> list[str]:
    """Return the lines that are wider than the terminal, without what must be copied whole."""
    shown = [ESCAPE.sub("", line) for line in f"{result.out}\n{result.err}".replace("\r", "\n").split("\n")]
    return [line for line in shown if cell_len(line.rstrip()) > NARROW and not WHOLE.fullmatch(line)]


def test_every_command_has_examples() -> None:
    """A new command is tried here, too."""
    assert set(GROUP.list_commands(None)) < set(COMMANDS)


def test_output_fits_a_narrow_terminal_and_is_plain_in_a_pipe(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id or a path is one word, to be copied whole. The admin answers no to every question."""
    monkeypatch.setenv("COLUMNS", str(NARROW))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("typer.prompt", lambda *_texts, **_options: 1)
    monkeypatch.setattr("cli.canary.sleep", lambda seconds: app_runs(story, seconds))
    lines = list(commands(story.events(ada)[0]))
    for command in (examples[0] for examples in COMMANDS.values()):
        piped = run_joinlink(*command)
        assert (command, ESCAPE.findall(piped.out + piped.err)) == (command, [])
        assert "Traceback" not in piped.err

    monkeypatch.setattr("sys.stdin", TypedAnswer("n\n" * len(lines)))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for command in lines:
        shown = run_joinlink(*command)
        assert (command, too_wide(shown), "Traceback" in shown.err) == (command, [], False)

    coloured = run_joinlink("events", *ADA).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert [bool(COLOUR.search(text)) for text in (coloured, run_joinlink("events", *ADA).out)] == [
        True,
        False,
    ]
