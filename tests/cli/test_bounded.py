"""Files from the command line: pipes are read, with a time limit, and other files are never shown."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from cli.bounded import read_bounded
from tests.cli import graph_json
from tests.cli.samples import RULES
from tests.cli.test_explain import EVENT


def _fill(pipe: Path, content: bytes) -> threading.Thread:
    def write() -> None:
        with pipe.open("wb") as end:
            end.write(content)

    filling = threading.Thread(target=write, daemon=True)
    filling.start()
    return filling


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 200_000])
def test_a_pipe_is_read_to_its_end(tmp_path: Path, content: bytes) -> None:
    """For example a shell's `<(…)`, whether its writer or its reader opens it first."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    filling = _fill(pipe, content)

    assert read_bounded(pipe, 300_000) == content
    filling.join()


def test_a_pipe_without_data_has_a_time_limit(tmp_path: Path) -> None:
    """So a pipeline does not wait for the command forever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(TimeoutError, match="did not end in time"):
        read_bounded(pipe, 10, seconds=0.01)


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/urandom"])
def test_an_endless_device_is_read_up_to_the_limit(name: str) -> None:
    """It would use all memory."""
    assert len(read_bounded(Path(name), 1000)) == 1000


def test_rules_and_events_may_come_through_pipes(joinlink: Any, folder: Path) -> None:
    """So a pipeline need not create files."""
    rules, event = folder / "rules.pipe", folder / "event.pipe"
    os.mkfifo(rules)
    os.mkfifo(event)
    _fill(rules, RULES.encode())
    _fill(event, json.dumps(graph_json.of_event(EVENT)).encode())
    result = joinlink(
        "explain", "--event", "event.pipe", "--rules", "rules.pipe", "--at", "2026-11-01T09:00Z"
    )

    assert (result.exit, result.err) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("validate", "/dev/zero"), "/dev/zero is not a rule file", id="rules without end"),
        pytest.param(("explain", "--event", "/dev/zero"), "/dev/zero is larger than 16 MiB, which no event is", id="an event without end"),
        pytest.param(("explain", "--event", "huge.json"), "huge.json is larger than 16 MiB, which no event is", id="a huge event"),
        pytest.param(("explain", "--event", "rules"), "rules can't be read: Is a directory", id="a folder for an event"),
        pytest.param(("validate", "secret.key"), "secret.key is not a rule file", id="a secret for rules"),
        pytest.param(("validate", "link.yaml"), "link.yaml is not a rule file", id="a link to a secret for rules"),
        pytest.param(("test", "secret.key"), "secret.key is not a rule file", id="a secret for tests"),
        pytest.param(("explain", "--event", "secret.key"), "secret.key is not JSON; see line 1", id="a secret for an event"),
        pytest.param(("explain", "--event", "secret.json"), "secret.json does not contain an event as Graph returns it", id="JSON with a secret for an event"),
        pytest.param(("validate", "linked"), "linked/b.yaml can't be read: it is a link out of the folder", id="a link to a secret in a folder"),
    ],
)  # fmt: skip
def test_a_file_that_is_neither_rules_nor_an_event_is_not_shown(
    joinlink: Any, write: Any, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    """A person who may run the command on a server may not read every file of the server."""
    secret = "-----BEGIN PRIVATE KEY-----\nhunter2\n"
    write(
        **{
            "rules/a.yaml": RULES,
            "linked/a.yaml": RULES,
            "secret.key": secret,
            "secret.json": json.dumps(
                {"id": "hunter2", "subject": "hunter2", "start": "hunter2", "hunter2": 1}
            ),
        }
    )
    with (folder / "huge.json").open("wb") as file:
        file.truncate(1 << 40)
    for link in ("link.yaml", "linked/b.yaml"):
        (folder / link).symlink_to(folder / "secret.key")
    result = joinlink(*arguments)

    assert result.exit == 2
    assert message in " ".join(result.err.split())
    assert not any(part in result.out + result.err for part in ("hunter2", "PRIVATE"))
