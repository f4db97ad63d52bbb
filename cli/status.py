"""`joinlink status`: shows the health of the app, read from its storage account."""

import typer

from cli.desk import open_desk
from cli.desk_options import SettingsFile
from cli.formats import status_text
from cli.in_force import differences_here
from cli.output import AsJson, Exit, print_json


def status(
    *,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Show whether the app works, and what to fix.

    Shows version, brake, rules, mailboxes, subscriptions, queues and the last maintenance, and how the rules
    and settings here differ from the app's. Reads the storage account only, and calls neither the app nor
    Graph.

    Exit code 0: everything works. 1: there is something to fix. 2: the storage settings are missing.
    """
    with open_desk(settings) as desk:
        health = desk.checkup().health()
        differences = differences_here(desk)
    if as_json:
        print_json({**health.document(), "differences": differences})
    else:
        status_text.show(health, differences)
    raise typer.Exit(Exit.OK if health.is_well else Exit.ERRORS)
