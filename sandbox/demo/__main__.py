"""`python -m sandbox.demo`: play a working day at Contoso; exit 1 if a result is not as expected."""

import argparse
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from sandbox.azurite import Azurite, AzuriteUnavailable, azurite
from sandbox.demo.contoso import Contoso
from sandbox.demo.day import DAY
from sandbox.demo.director import DemoStuck, Director
from sandbox.demo.journal import Journal, journal
from sandbox.demo.progress import progress
from sandbox.demo.report import report
from sandbox.demo.verdict import DayRecord, DayVerdict, judge
from sandbox.graph import BAD_HABITS
from sandbox.run_folder import run_folder
from sandbox.stage import CLIENT_STATE_KEY, Stage, stage

RULES = Path(__file__).resolve().parent / "rules"
BUILD = Path("build") / "demo"
LOG, HAR = "log.jsonl", "graph.har"
#: The width of the output if it is not a terminal.
_PLAIN_WIDTH = 140
#: Few notifications in a POST, so that copies of one arrive in different POSTs and all reach the queue.
_DELIVERY = replace(BAD_HABITS, batch=4)
_INTERRUPTED = 130


def main() -> int:
    """Play the day and print the verdict; return the exit code."""
    argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__).parse_args()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PLAIN_WIDTH)
    try:
        with run_folder(BUILD) as folder, azurite() as storage:
            began = time.monotonic()
            verdict = _play(console, storage, folder)
    except (AzuriteUnavailable, DemoStuck) as error:
        Console(stderr=True).print(str(error), style="red", soft_wrap=True, markup=False)
        return 1
    except KeyboardInterrupt:
        Console(stderr=True).print("Stopped.")
        return _INTERRUPTED
    report(console, verdict, files=(folder / LOG, folder / HAR), took_seconds=time.monotonic() - began)
    return 1 if verdict.complaints else 0


def _play(console: Console, storage: Azurite, folder: Path) -> DayVerdict:
    with (
        journal(folder / LOG) as log,
        stage(storage, RULES, live=True) as played,
        closing(Contoso(played, log)) as contoso,
    ):
        played.graph.delivery = _DELIVERY

        def show(title: str) -> None:
            now = f"{played.clock.now():%H:%M:%S}"
            shown.show(title, now, director.scenes, _record(played, contoso, log))

        director = Director(played, contoso, log, show)
        try:
            with progress(console) as shown:
                director.play(DAY)
        finally:
            played.graph.write_har(folder / HAR)
        scenes = director.scenes
        record = replace(
            _record(played, contoso, log),
            links={one.entry.key: contoso.link_provider(one.entry) for one in scenes},
            files=[(folder / name).read_text(encoding="utf-8") for name in (LOG, HAR)],
        )
        return judge(scenes, record)


def _record(played: Stage, contoso: Contoso, log: Journal) -> DayRecord:
    """Return the record so far, without the events' links and the files."""
    subscriptions = [one for _row, one in played.graph.subscriptions.active()]
    states = [str(one.client_state) for one in subscriptions]
    return DayRecord(
        lines=log.lines(),
        calls=played.graph.calls,
        posts=played.graph.posts,
        calendars=contoso.calendars,
        with_two_calendars=contoso.with_two_calendars,
        watched=[one.mailbox for one in subscriptions],
        links={},
        mails=played.graph.mails,
        mails_by_people=contoso.mails,
        others=[*log.others, *(f"{one.function} raised {one.error!r}" for one in played.host.failures)],
        files=[],
        secrets=["Bearer ", CLIENT_STATE_KEY, played.host.function_key, *states],
    )


if __name__ == "__main__":
    sys.exit(main())
