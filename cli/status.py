"""`joinlink status`: the health of the app, read from its storage account."""

from typing import Annotated

import typer

from cli import parts
from cli.formats import status_text
from cli.output import Exit, print_json


def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as GET /api/health answers.")] = False,
) -> None:
    """Show whether all is well, and what a person must do if not: rules, subscriptions, queues, maintenance.

    Reads the storage account alone: neither the app nor Graph is asked.

    Exit code 0: all is well. 1: something needs a person. 2: the storage account's settings are missing.
    """
    with parts.opened() as (joinlink, _world):
        health = joinlink.checkup_at_the_desk().health()
    if as_json:
        print_json(health.document())
    else:
        status_text.show(health)
    raise typer.Exit(Exit.OK if health.is_well else Exit.ERRORS)
