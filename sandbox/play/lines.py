"""The lines that `make play` prints to copy: one or more for every command of `joinlink`."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator

_COMMAND = re.compile(r"^  ([a-z-]+) +[A-Z]", re.MULTILINE)
#: by command; one that is not here gets its --help, and one that `joinlink` does not have is not printed
_LINES = {
    "init": ["joinlink init --yes --domain contoso.com build/play/first.yaml"],
    "validate": ["joinlink validate build/play/rules"],
    "test": ["joinlink test build/play/rules"],
    "explain": ["joinlink explain --mailbox {mailbox} --event-id {event}"],
    "doctor": ["joinlink doctor --mailbox {mailbox}"],
    "status": ["joinlink status"],
    "maintain": ["joinlink maintain"],
    "held": ["joinlink held"],
    "memory": ["joinlink memory"],
    "replay": ["joinlink replay --dry-run"],
    "backfill": ["joinlink backfill --group {group} --dry-run", "joinlink backfill --all --until 7d"],
    "unsubscribe": ["joinlink unsubscribe --all", "joinlink unsubscribe --undo"],
    "permissions": ["joinlink permissions build/play/rules"],
    "schema": ["joinlink schema duration"],
    "preview": ["joinlink preview --all"],
    "history": ["joinlink history --since 7d"],
    "stats": ["joinlink stats build/play/log.jsonl"],
    "events": ["joinlink events --mailbox {mailbox}"],
    "canary": ["joinlink canary --mailbox {mailbox}"],
    "prove": ["joinlink prove --mailbox {mailbox}"],
}


def commands_of_joinlink() -> list[str]:
    """Return the commands that `joinlink --help` lists."""
    ran = subprocess.run(
        [sys.executable, "-m", "cli", "--help"],
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    return _COMMAND.findall(ran.stdout.partition("Commands:")[2])


def lines_to_copy(
    commands: Iterable[str], *, folder: str, mailbox: str, event: str, group: str
) -> Iterator[str]:
    """Yield the lines for each command, in their order; `folder` has the files of this run."""
    for command in commands:
        for line in _LINES.get(command, [f"joinlink {command} --help"]):
            filled = line.format(mailbox=mailbox, event=event, group=group)
            yield filled.replace("build/play", folder)
