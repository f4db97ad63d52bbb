"""The command `joinlink`: finds each subcommand by its name, and prints errors as one sentence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from cli.clean import line
from cli.failures import explained
from cli.output import Exit, Refused, console, refuse
from cli.streams import prepare
from shared.errors import JoinlinkError
from shared.rule_files.reading.suggestions import by_synonym, suggest
from shared.version import VERSION

#: each command's module and function, imported when it is called, so that it loads only what it needs
_COMMANDS = {
    "init": ("cli.init", "init"),
    "validate": ("cli.validate", "validate"),
    "test": ("cli.test", "run_tests"),
    "explain": ("cli.explain", "explain_event"),
    "events": ("cli.events", "events"),
    "preview": ("cli.preview", "preview"),
    "doctor": ("cli.doctor", "doctor"),
    "status": ("cli.status", "status"),
    "history": ("cli.history", "history"),
    "stats": ("cli.stats", "stats"),
    "maintain": ("cli.maintain", "maintain"),
    "held": ("cli.held", "held"),
    "memory": ("cli.memory", "memory"),
    "replay": ("cli.replay", "replay"),
    "backfill": ("cli.backfill", "backfill"),
    "canary": ("cli.canary", "canary"),
    "prove": ("cli.prove", "prove"),
    "unsubscribe": ("cli.unsubscribe", "unsubscribe"),
    "permissions": ("cli.permissions", "permissions"),
    "schema": ("cli.schema", "schema"),
}
#: typer's error for a command without arguments, whose text is the help; typer does not export it
_HELP = "NoArgsIsHelpError"
#: longer than the first sentence of any command's help
_LONGEST = 200
#: what people write instead, from other tools and in other words; a command that is not there yet is ignored
_SYNONYMS = by_synonym(
    (
        ("init", "new create start setup"),
        ("validate", "check lint verify"),
        ("explain", "why describe whatif"),
        ("status", "health info"),
        ("doctor", "diagnose diagnostics"),
        ("maintain", "maintenance sync reconcile refresh"),
        ("replay", "poison retry requeue"),
        ("backfill", "apply catchup"),
        ("unsubscribe", "uninstall remove destroy delete"),
        ("schema", "keys reference"),
        ("preview", "plan dryrun simulate"),
        ("history", "log audit"),
    )
)


@contextmanager
def _clean_errors() -> Iterator[None]:
    """Clean the arguments in typer's messages: a script may take them from file names."""
    try:
        yield
    except TyperException as error:
        if type(error).__name__ != _HELP:
            error.message = line(error.message)
        raise


class _Commands(TyperGroup):
    """The commands, each created on its first use."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 -- what typer calls
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 -- what typer calls
        if cmd_name not in _COMMANDS:
            return None
        module, function = _COMMANDS[cmd_name]
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(cmd_name)(getattr(import_module(module), function))
        return typer.main.get_command(alone)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each command with its whole first sentence; typer cuts it on a narrow terminal."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, self.get_command(ctx, name).get_short_help_str(_LONGEST)) for name in _COMMANDS]
            )

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] == "help":
            raise Refused("joinlink --help lists the commands, and joinlink COMMAND --help explains one")
        if args[0] not in _COMMANDS:
            meant = suggest(args[0], _COMMANDS, _SYNONYMS)
            suggestion = f' (did you mean "{meant}"?)' if meant else ""
            raise Refused(f'there is no command "{args[0]}"{suggestion}; joinlink --help lists the commands')
        return super().resolve_command(ctx, args)

    def make_context(self, info_name: Any, args: list[str], *more: Any, **options: Any) -> Any:
        given = list(args)  # what follows changes the list
        with _clean_errors():
            try:
                return super().make_context(info_name, args, *more, **options)
            except TyperException as error:
                if command := next((each for each in given[1:] if each in _COMMANDS), None):
                    raise Refused(f"options come after the command: joinlink {command} {given[0]}") from error
                raise

    def invoke(self, ctx: Any) -> Any:
        try:
            with _clean_errors():
                return super().invoke(ctx)
        except (typer.Abort, KeyboardInterrupt):  # Ctrl-C, at a question or later
            typer.echo(err=True)
            raise typer.Exit(Exit.STOPPED) from None


app = typer.Typer(
    cls=_Commands,
    name="joinlink",
    help="Check, try and explain the rules that add join links to calendar events.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:  # noqa: FBT001 -- typer calls it with the option's value
    if asked:
        console().print(f"joinlink {VERSION}")
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
    """Run the command; exit 0 for success, 1 for errors that it found, 2 if it can't run as it was given."""
    prepare()
    try:
        try:
            app(prog_name="joinlink")
        finally:
            sys.stdout.flush()
    except (Refused, JoinlinkError) as error:
        refuse(explained(error))
    except OSError as error:
        with suppress(OSError):  # its buffer can't be written
            sys.stdout.close()
        refuse(Refused(f"{error.filename or 'the output'} can't be used: {error.strerror}"))
