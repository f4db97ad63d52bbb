"""`joinlink maintain`: runs maintenance now, as the app's timer does every 15 minutes."""

from typing import Annotated, Any

import typer
from rich.console import Console

from cli.desk import open_desk
from cli.desk_options import SettingsFile
from cli.in_force import valid_rules, wait_for_rules
from cli.output import AsJson, Exit, console, counted, print_json
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
    wait: Annotated[
        bool, typer.Option("--wait", help="First wait until the app has the rules here in force.")
    ] = False,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Run maintenance now instead of within 15 minutes.

    Compares the mailboxes in scope with the watched ones, and queues the tasks that are due. Use it after a
    change of the rules, to save the wait for the app's timer. It uses the rules that the app has in force,
    and is refused if the rules or settings here differ from the app's; with --wait it waits until the app has
    taken the rules. The app carries out the tasks, within Graph's limits. Only one run works at a given time.

    If more than ten mailboxes, and more than 5 % of those watched, would be unsubscribed in one run, they are
    held: nothing is written to them, and their subscriptions stay for a day or until --confirm.

    Exit code 0: done. 1: the scope or the storage could not be read completely, mailboxes are held, or HASH
    is not theirs. 2: settings are missing, or differ from the app's.
    """
    with open_desk(settings, writes=True) as desk:
        if wait:
            wait_for_rules(desk, valid_rules(desk))
        result = desk.maintenance().run(confirm)
    is_refused = bool(confirm) and not result.is_confirmed
    if as_json:
        print_json(_document(result))
    else:
        _show(console(), result)
        if is_refused:
            _show_refusal(console(), confirm, result)
    raise typer.Exit(Exit.ERRORS if result.problems or result.held or is_refused else Exit.OK)


def _document(result: MaintenanceResult) -> dict[str, Any]:
    return {
        "is_another_run_active": result.is_another_run_active,
        "is_complete": result.is_complete,
        "is_confirmed": result.is_confirmed,
        "problems": list(result.problems),
        "scope": result.scope,
        "tasks": dict(sorted(result.tasks.items())),
        "held": result.held,
        "held_hash": result.held_hash or None,
    }


def _show(out: Console, result: MaintenanceResult) -> None:
    if result.is_another_run_active:
        out.print("Another run is working: it does what is due.")
        return
    for problem in result.problems:
        out.print(f"✗ {problem}", style="bad")
    if result.scope is not None:
        out.print(f"{counted(result.scope, 'mailbox', 'mailboxes')} in scope.")
    tasks = ", ".join(f"{count:,} to {kind}" for kind, count in sorted(result.tasks.items()))
    out.print(f"Tasks for the app: {tasks or 'none, everything is up to date'}.")
    if not result.is_complete:
        out.print("There is more to do; the next run does it.")
    if result.held:
        held = counted(result.held, "mailbox", "mailboxes")
        out.print(
            f"✗ {held} left the scope in one run and are held: they get no links, and keep their"
            " subscriptions.",
            style="bad",
        )
        out.print("If the rules are wrong, correct them. If all these mailboxes should leave:")
        out.print(f"    joinlink maintain --confirm {result.held_hash}")


def _show_refusal(out: Console, confirm: str, result: MaintenanceResult) -> None:
    if result.is_another_run_active:
        out.print("Nothing was confirmed: run the same command again in a minute.", style="bad")
    elif result.held:
        out.print(f"Nothing was confirmed: {confirm} is not the hash of the held mailboxes.", style="bad")
    else:
        out.print(
            "Nothing was confirmed: no mailboxes are held, or the scope could not be read completely.",
            style="bad",
        )
