"""`joinlink maintain`: what the app's timer does every quarter of an hour, now."""

from typing import Annotated

import typer
from rich.console import Console

from cli import parts
from cli.output import Exit, Failed, console, counted
from shared.errors import StorageUnavailable
from shared.worker.mailboxes.maintenance_run import MaintenanceResult


def maintain(
    *,
    confirm: Annotated[
        str,
        typer.Option(
            "--confirm",
            metavar="HASH",
            help="Unsubscribe the held mailboxes; joinlink status shows their hash.",
        ),
    ] = "",
) -> None:
    """Compare the mailboxes in scope with those that are watched, and ask the app to make up the difference.

    The timer does the same every fifteen minutes; this command saves the wait after a change of rules. It
    uses the rules that the app has in force, and is refused if the rules or settings here are not the app's.
    The app does the tasks, within Graph's limits. One run works at a time.

    If more than ten mailboxes, and more than 5 % of those watched, would be unsubscribed at once, they are
    held: nothing is written to them, and their subscriptions stay for a day or until --confirm.

    Exit code 0: done. 1: the scope or the storage could not be read completely, mailboxes are held, or HASH
    is not theirs. 2: settings are missing, or are not the app's.
    """
    try:
        with parts.opened_to_write() as (joinlink, _world):
            done = joinlink.maintenance_at_the_desk().run(confirm)
    except StorageUnavailable as error:
        raise Failed(f"the storage account does not answer ({error}); try again") from error
    is_refused = bool(confirm) and not done.is_confirmed
    _show(console(), done)
    if is_refused:
        _refused(console(), confirm, done)
    raise typer.Exit(Exit.ERRORS if done.problems or done.held or is_refused else Exit.OK)


def _show(out: Console, done: MaintenanceResult) -> None:
    if done.is_another_run_active:
        out.print("Another run is working: it does what is due.")
        return
    for trouble in done.problems:
        out.print(f"✗ {trouble}", style="bad")
    if done.scope is not None:
        out.print(f"{counted(done.scope, 'mailbox', 'mailboxes')} in scope.")
    asked = ", ".join(f"{count:,} to {kind}" for kind, count in sorted(done.tasks.items()))
    out.print(f"Tasks for the app: {asked or 'none, all is as it should be'}.")
    if not done.is_complete:
        out.print("There is more to do; the next run does it.")
    if done.held:
        held = counted(done.held, "mailbox", "mailboxes")
        out.print(
            f"✗ {held} left the scope at once and are held: they get no links, and keep their subscriptions.",
            style="bad",
        )
        out.print("If the rules are wrong, correct them. If all of them should leave:")
        out.print(f"    joinlink maintain --confirm {done.held_hash}")


def _refused(out: Console, confirm: str, done: MaintenanceResult) -> None:
    if done.is_another_run_active:
        out.print("Nothing was confirmed: run the same command again in a minute.", style="bad")
    elif done.held:
        out.print(f"Nothing was confirmed: {confirm} is not the hash of those held now.", style="bad")
    else:
        out.print("Nothing was confirmed: no mailboxes are held, or the scope is doubtful.", style="bad")
