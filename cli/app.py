"""The command line: every command by its name, and what they refuse becomes one sentence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Annotated, Any

import typer
from typer._click import ClickException  # typer's own copy of click

from cli.clean import line
from cli.help import Command, Group, unbroken
from cli.output import Exit, Refused, console, own_version, prepare, refuse
from shared.errors import JoinlinkError

#: each command's module and function, imported when it is called: none waits for what another one needs
_COMMANDS = {
    "init": ("cli.init", "init"),
    "validate": ("cli.validate", "validate"),
    "test": ("cli.test", "run_tests"),
    "explain": ("cli.explain", "explain_event"),
    "doctor": ("cli.doctor", "doctor"),
    "status": ("cli.status", "status"),
    "maintain": ("cli.maintain", "maintain"),
    "held": ("cli.held", "held"),
    "memory": ("cli.memory", "memory"),
    "replay": ("cli.replay", "replay"),
    "backfill": ("cli.backfill", "backfill"),
    "schema": ("cli.schema", "schema"),
}


@contextmanager
def _harmless() -> Iterator[None]:
    """Clean what typer will print of the words that were given: a script may take them from file names."""
    try:
        yield
    except ClickException as error:
        error.message = line(error.message)
        raise


class _Commands(Group):
    """The commands, each made on its first use."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 -- what typer calls
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 -- what typer calls
        if cmd_name not in _COMMANDS:
            return None
        module, function = _COMMANDS[cmd_name]
        alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
        run = getattr(import_module(module), function)
        alone.command(cmd_name, cls=Command, help=unbroken(run.__doc__))(run)
        return typer.main.get_command(alone)

    def make_context(self, *args: Any, **options: Any) -> Any:
        with _harmless():
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        try:
            with _harmless():
                return super().invoke(ctx)
        except (typer.Abort, KeyboardInterrupt):  # Ctrl-C, at a question or at work
            typer.echo(err=True)
            raise typer.Exit(Exit.STOPPED) from None


app = typer.Typer(
    cls=_Commands,
    name="joinlink",
    help="Check, try and explain the rules that give calendar events their join links.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
        try:
            app(prog_name="joinlink")
        finally:
            sys.stdout.flush()
    except (Refused, JoinlinkError) as error:
        refuse(error)
    except BrokenPipeError:  # `joinlink … | head` has read enough
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        with suppress(OSError):  # what it holds can't be written
            sys.stdout.close()
        refuse(Refused(f"{error.filename or 'the output'} can't be used: {error.strerror}"))
