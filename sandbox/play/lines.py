"""The lines that `make play` prints to copy: one or more for every command of `joinlink`."""

from collections.abc import Iterable, Iterator

#: by command; one that is not here gets its --help
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
}


def lines_to_copy(
    commands: Iterable[str], *, folder: str, mailbox: str, event: str, group: str
) -> Iterator[str]:
    """Yield the lines for each command, in their order; `folder` has the files of this run."""
    for command in commands:
        for line in _LINES.get(command, [f"joinlink {command} --help"]):
            filled = line.format(mailbox=mailbox, event=event, group=group)
            yield filled.replace("build/play", folder)
