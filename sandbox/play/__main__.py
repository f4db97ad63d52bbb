"""`python -m sandbox.play`: runs the app with 40 mailboxes until Ctrl-C, and prints commands to try."""

import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sandbox.azurite import Azurite, AzuriteUnavailable, azurite
from sandbox.demo.journal import journal
from sandbox.play.lines import commands_of_joinlink, lines_to_copy
from sandbox.play.tenant import MAILBOXES, PlayTenant
from sandbox.run_folder import run_folder
from sandbox.stage import Stage, stage
from shared.domain.messages import MAILBOX_TASKS

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path("build") / "play"
RULES = Path(__file__).resolve().parent / "contoso.yaml"
#: the group in that file, which each run replaces by its own
PILOT_GROUP = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"
#: how often somebody creates a meeting, and how often the timer of maintenance runs
_MEETING_SECONDS, _TIMER_SECONDS = 20, 60
#: how long the first tasks may take before the commands are shown
_START_SECONDS, _POLL_SECONDS = 60, 0.5
_INTERRUPTED = 130


def main() -> int:
    """Run until Ctrl-C; return the exit code."""
    try:
        with run_folder(BUILD) as folder, azurite() as storage, contoso(storage, folder) as (played, tenant):
            write_environment(folder / "env", environment(played))
            show(folder, tenant)
            keep_busy(played, tenant)
    except AzuriteUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Close the other terminal, or type: exit")
        return _INTERRUPTED
    return 0


@contextmanager
def contoso(storage: Azurite, folder: Path) -> Iterator[tuple[Stage, PlayTenant]]:
    """Yield the running app and its tenant; it works on the rules in the folder, and logs there."""
    rules = folder / "rules"
    shutil.rmtree(rules, ignore_errors=True)  # of an earlier run, with its group
    rules.mkdir()
    with ExitStack() as stack:
        stack.enter_context(journal(folder / "log.jsonl"))
        settings = {"JOINLINK_SETTLE": "2s"}
        now = datetime.now(UTC)
        played = stack.enter_context(
            stage(storage, rules.resolve(), settings, live=True, ticks=True, start=now)
        )
        tenant = PlayTenant(played.graph, now)
        tenant.fill()
        text = RULES.read_text(encoding="utf-8").replace(PILOT_GROUP, tenant.pilot_group)
        (rules / RULES.name).write_text(text, encoding="utf-8")
        played.graph.start_delivery()
        stack.callback(played.graph.stop_delivery)
        played.host.run_timer("maintenance")
        finish_tasks(played)
        played.host.run_timer("maintenance")  # counts what the first run's tasks have done
        yield played, tenant


def finish_tasks(played: Stage) -> None:
    """Wait until every mailbox is subscribed, so that the first command shows it; with a bound."""
    end = time.monotonic() + _START_SECONDS
    while played.host.waiting()[MAILBOX_TASKS] and time.monotonic() < end:
        time.sleep(_POLL_SECONDS)


def environment(played: Stage) -> dict[str, str]:
    """Return what commands in another terminal need: the app's settings, its identity, and the path."""
    identity = {name: os.environ[name] for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")}
    return {**played.settings, **identity}


def write_environment(file: Path, environ: Mapping[str, str]) -> None:
    """Write a file for a shell to read; it has the keys of the sandbox, so only its owner can read it."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in environ.items()]
    exports.append(f'export PATH={shlex.quote(str(ROOT / ".venv" / "bin"))}:"$PATH"')
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as opened:
        opened.write("\n".join(exports) + "\n")


def show(folder: Path, tenant: PlayTenant) -> None:
    """Print what is there, and the lines to copy."""
    mailbox, event = tenant.example
    print(f"Contoso runs: {MAILBOXES} mailboxes, {tenant.meetings} meetings, somebody adds one now and then.")
    print("In another terminal, in this folder, copy this line, and then any of the others:\n")
    print(f"    . {folder}/env\n")
    for line in lines_to_copy(
        commands_of_joinlink(), folder=str(folder), mailbox=mailbox, event=event, group=tenant.pilot_group
    ):
        print(f"    {line}")
    print("\nOne message is in the poison queue on purpose: joinlink replay --yes puts it back.")
    print(f"Change the rules in {folder}/rules: the app takes them within two minutes.")
    print(f"The app logs to {folder}/log.jsonl. Ctrl-C here ends everything.", flush=True)


def keep_busy(played: Stage, tenant: PlayTenant) -> None:
    """Create meetings and run the timer, forever."""
    next_timer = time.monotonic() + _TIMER_SECONDS
    while True:
        time.sleep(_MEETING_SECONDS)
        tenant.create_somewhere()
        if time.monotonic() >= next_timer:
            next_timer = time.monotonic() + _TIMER_SECONDS
            played.host.run_timer("maintenance")


if __name__ == "__main__":
    sys.exit(main())
