"""The command line: every command is registered here, and what they refuse becomes one sentence."""

import sys
from typing import Annotated

import typer

from cli import backfill, doctor, explain, init, maintain, replay, schema, status, test, validate
from cli.output import Refused, console, own_version, prepare, refuse
from shared.errors import JoinlinkError

app = typer.Typer(
    name="joinlink",
    help="Check, try and explain the rules that give calendar events their join links.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(init.init)
app.command("validate")(validate.validate)
app.command("test")(test.run_tests)
app.command("explain")(explain.explain_event)
app.command("doctor")(doctor.doctor)
app.command("status")(status.status)
app.command("maintain")(maintain.maintain)
app.command("replay")(replay.replay)
app.command("backfill")(backfill.backfill)
app.command("schema")(schema.schema)


def _print_version(asked: bool) -> None:  # noqa: FBT001 -- typer calls it with the option's value
    if asked:
        console().print(f"joinlink {own_version()}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command; exit 0 where all is well, 1 where errors were found, 2 where it can't be done so."""
    prepare()
    try:
        app()
    except (Refused, JoinlinkError) as error:
        refuse(error)
    except BrokenPipeError:  # `joinlink … | head` has read enough
        sys.stderr.close()
        sys.exit(0)
