"""`python -m sandbox.demo`: a working day at Contoso, played on this machine; exit 1 if it ends otherwise."""

import argparse
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from sandbox.azurite import Azurite, AzuriteUnavailable, azurite
from sandbox.demo.board import Board
from sandbox.demo.contoso import Contoso
from sandbox.demo.day import DAY
from sandbox.demo.director import Director, Stuck
from sandbox.demo.journal import Journal, journal
from sandbox.demo.report import report
from sandbox.demo.screen import screen
from sandbox.demo.verdict import Record, Verdict, judge
from sandbox.graph import BAD_HABITS
from sandbox.stage import CLIENT_STATE_KEY, Stage, stage

RULES = Path(__file__).resolve().parent / "rules"
BUILD = Path("build") / "demo"
LOG, HAR = BUILD / "log.jsonl", BUILD / "graph.har"
#: The width of plain output, where there is no terminal to ask.
PLAIN_WIDTH = 140
#: So few to a POST that copies of a notification come in different ones and get as far as the queue.
DELIVERY = replace(BAD_HABITS, batch=4)
INTERRUPTED = 130


def main() -> int:
    """Play the day and print the verdict; return the exit code."""
    argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__).parse_args()
    console = _console()
    try:
        with azurite() as storage:
            began = time.monotonic()
            verdict = _play(console, storage)
    except (AzuriteUnavailable, Stuck) as error:
        Console(stderr=True).print(str(error), style="red", soft_wrap=True, markup=False)
        return 1
    except KeyboardInterrupt:
        Console(stderr=True).print("Stopped.")
        return INTERRUPTED
    report(console, verdict, files=(LOG, HAR), took_seconds=time.monotonic() - began)
    return 1 if verdict.complaints else 0


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


def _play(console: Console, storage: Azurite) -> Verdict:
    BUILD.mkdir(parents=True, exist_ok=True)
    with (
        journal(LOG) as log,
        stage(storage, RULES, live=True) as played,
        closing(Contoso(played, log)) as contoso,
    ):
        played.graph.delivery = DELIVERY
        board = Board(played, contoso, log)
        try:
            with screen(console) as show:
                Director(played, contoso, log, lambda title: show(board.look(title))).play(DAY)
        finally:
            played.graph.write_har(HAR)
        return judge(contoso.meetings, _record(played, contoso, log))


def _record(played: Stage, contoso: Contoso, log: Journal) -> Record:
    states = [str(subscription.client_state) for _n, subscription in played.graph.subscriptions.active()]
    return Record(
        lines=log.lines(),
        calls=played.graph.calls,
        posts=played.graph.posts,
        calendars=contoso.calendars,
        watched=[one.mailbox for _row, one in played.graph.subscriptions.active()],
        parked=contoso.parked,
        links={meeting.key: contoso.link_of(meeting) for meeting in contoso.meetings},
        mails=played.graph.mails,
        mails_of_people=contoso.mails,
        others=[*log.others, *(f"{one.function} raised {one.error!r}" for one in played.host.failures)],
        files=[LOG.read_text(encoding="utf-8"), HAR.read_text(encoding="utf-8")],
        secrets=["Bearer ", CLIENT_STATE_KEY, played.host.function_key, *states],
    )


if __name__ == "__main__":
    sys.exit(main())
