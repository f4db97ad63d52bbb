"""`joinlink history`: lists the events that Joinlink wrote to, from its memory of past writes."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer

from cli.desk import open_desk
from cli.desk_options import SettingsFile
from cli.formats import history_json, history_text
from cli.ids import checked
from cli.output import AsJson, Exit, Refused, console, note, print_json
from cli.times import parse_time_or_age
from shared.desk.history import read_history
from shared.desk.wiring import Desk
from shared.domain.ids import GUID
from shared.storage.write_history import HistorySearch
from shared.worker.mailboxes.write_memory import MemoryState, describe_memory

_MOST = 10_000
#: rows between two lines of progress
_ROWS = 1000


def history(
    *,
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="Only since: 24h, 30d, 2026-12-31T09:00Z.")
    ] = "30d",
    rule: Annotated[
        str, typer.Option("--rule", metavar="ID", help="Only what this rule added.", show_default=False)
    ] = "",
    mailbox: Annotated[
        str,
        typer.Option(
            "--mailbox",
            "-m",
            metavar="MAILBOX",
            help="Only this mailbox, by object id or address.",
            show_default=False,
        ),
    ] = "",
    event: Annotated[
        str,
        typer.Option(
            "--event",
            "-e",
            metavar="ID",
            help="Only this event, at any time, by its immutable id.",
            show_default=False,
        ),
    ] = "",
    most: Annotated[
        int, typer.Option("--most", metavar="NUMBER", min=1, max=_MOST, help="How many events to list.")
    ] = 50,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """List and count the events that Joinlink wrote to.

    Reads the memory of past writes in the storage account, newest first: an event is kept for 90 days after
    its end. The list shows what Joinlink did, not what people did to the event since. Without --mailbox it
    reads the whole table. Nothing is written. An address needs Graph, for its object id.

    Exit code 0: shown. 1: nothing was found, or Graph or the storage account fails. 2: wrong arguments, or
    settings are missing.
    """
    checked("--event", event)
    checked("--mailbox", mailbox)
    with open_desk(settings) as desk:
        search = HistorySearch(
            since=None if event else _since(since, desk.world.now()),
            rule=rule,
            mailbox=_object_id(desk, mailbox),
            event=event,
        )
        _note_memory(desk)
        with _progress() as step:
            found = read_history(desk.write_history(), search, most=most, step=step)
    if as_json:
        print_json(history_json.document(found))
    else:
        history_text.show(found)
    raise typer.Exit(Exit.OK if found.total else Exit.ERRORS)


def _since(text: str, now: datetime) -> datetime:
    moment = parse_time_or_age(text, now)
    if moment is None or moment >= now:
        raise Refused(f'--since expects 24h, 30d or a past time such as 2026-12-31T09:00Z, not "{text}"')
    return moment


def _object_id(desk: Desk, mailbox: str) -> str:
    """Return the object id of a mailbox, which the memory is ordered by."""
    return mailbox.lower() if not mailbox or GUID.fullmatch(mailbox) else desk.user(mailbox).id


def _note_memory(desk: Desk) -> None:
    state = desk.memory().state()
    if state is not MemoryState.WHOLE:
        note(describe_memory(state))


@contextmanager
def _progress() -> Iterator[Callable[[], None]]:
    """Yield what counts rows and shows the number on a terminal."""
    out = console(sys.stderr)
    if out.soft_wrap:
        yield lambda: None
        return
    with out.status("Reading the memory of past writes") as status:
        rows = 0

        def step() -> None:
            nonlocal rows
            rows += 1
            if rows % _ROWS == 0:
                status.update(f"Reading the memory of past writes: {rows:,} events")

        yield step
