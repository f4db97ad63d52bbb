"""`joinlink unsubscribe`: ends every subscription before the app is deleted."""

from datetime import timedelta
from time import sleep
from typing import Annotated

import typer
from rich.console import Console

from cli.desk import open_desk
from cli.desk_options import SettingsFile
from cli.output import AsJson, Exit, Refused, ask, console, counted, print_json, talk
from cli.progress import Progress
from shared.desk.unsubscription import Unsubscription, WatchedMailboxes
from shared.desk.wiring import Desk
from shared.errors import QueueUnavailable

_POLL = timedelta(seconds=10)
#: How long the app may take: until its next maintenance, and half as fast as it is meant to be.
_START = timedelta(minutes=20)
_EACH = timedelta(seconds=0.2)
_WARNING = (
    "Joinlink stops: it adds no links and subscribes no mailbox until joinlink unsubscribe --undo. Links that"
    " it has added stay."
)


def unsubscribe(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Unsubscribe every mailbox.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Let the app subscribe them again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Unsubscribe without asking.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Stop Joinlink and end every subscription.

    Run it before you delete the app. Only the app can delete its subscriptions, so it must run: the command
    queues a task for every mailbox and waits until the app has carried them out. If you stop the command, the
    app continues.

    Exit code 0: no mailbox has a subscription. 1: some still have one, or you answered no. 2: settings are
    missing, or the app's version is too old.
    """
    if everything == undo:
        raise Refused(
            "say what to do: --all unsubscribes every mailbox, --undo lets the app subscribe them again"
        )
    with open_desk(settings, writes=True) as desk:
        if undo:
            desk.unsubscription().undo()
            _show_undone(as_json=as_json)
            return
        watched = _unsubscribe_all(desk, talk(as_json=as_json), yes=yes)
    if as_json:
        print_json({"is_stopped": True, "left": watched.left, "unclear": watched.unclear})
    else:
        _show(watched)
    raise typer.Exit(Exit.ERRORS if watched.left or watched.unclear else Exit.OK)


def _show_undone(*, as_json: bool) -> None:
    if as_json:
        print_json({"is_stopped": False})
    else:
        console().print("The app subscribes the mailboxes in scope again, within 15 minutes.")


def _unsubscribe_all(desk: Desk, out: Console, *, yes: bool) -> WatchedMailboxes:
    """Ask, queue the tasks and wait; return which mailboxes may still have a subscription."""
    unsubscription = desk.unsubscription()
    unsubscription.check_app()
    watched = unsubscription.watched()
    out.print(_WARNING, style="warn")
    mailboxes = counted(watched.left, "mailbox", "mailboxes")
    if not yes and not ask(f"Unsubscribe {mailboxes}?", "--yes unsubscribes them"):
        raise typer.Exit(Exit.ERRORS)
    try:
        unsubscription.begin()
    except QueueUnavailable as error:
        out.print(f"The queue does not answer ({error}): the app queues the rest within 15 minutes.")
    return _wait(desk, unsubscription, watched.left)


def _wait(desk: Desk, unsubscription: Unsubscription, total: int) -> WatchedMailboxes:
    """Wait until the app has done it, or its time is over."""
    end = desk.world.now() + _START + total * _EACH
    done = 0
    with Progress("Unsubscribing", max(total, 1)) as progress:
        while True:
            watched = unsubscription.watched()
            for _ in range(total - watched.left - done):
                progress.step()
                done += 1
            if not watched.left or desk.world.now() >= end:
                return watched
            sleep(_POLL.total_seconds())


def _show(watched: WatchedMailboxes) -> None:
    out = console()
    if watched.unclear:
        rows = counted(watched.unclear, "mailbox has", "mailboxes have")
        out.print(
            f"✗ {rows} a row that Joinlink does not touch: the subscription expires within seven days.",
            style="bad",
        )
    if watched.left:
        mailboxes = counted(watched.left, "mailbox has", "mailboxes have")
        out.print(
            f"✗ {mailboxes} a subscription yet. The app continues if it runs: see joinlink status, and run"
            " this command again.",
            style="bad",
        )
    else:
        out.print(
            "✓ No mailbox has a subscription that Joinlink can end. You may delete the app.", style="good"
        )
