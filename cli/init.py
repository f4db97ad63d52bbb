"""`joinlink init`: write a first rule file, after a few questions or from flags."""

import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from cli import rule_schema, starter
from cli.mail_domains import mail_domains
from cli.output import Refused, console, write_file
from cli.starter import Wishes
from shared.storage.rule_source import SUFFIX, is_rule_file

_DEFAULT = Path("rules/joinlink.yaml")
_SCHEMA = "rules.schema.json"


def init(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write.", show_default=True)
    ] = _DEFAULT,
    *,
    domain: Annotated[
        list[str] | None,
        typer.Option(
            "--domain",
            metavar="DOMAIN",
            help="A mail domain of your company; may stand several times. Default: those of the tenant.",
            show_default=False,
        ),
    ] = None,
    external_only: Annotated[
        bool | None,
        typer.Option(
            "--external-only/--all-meetings", help="Which meetings to begin with.", show_default=False
        ),
    ] = None,
    rooms: Annotated[
        bool | None,
        typer.Option(
            "--rooms/--no-rooms", help="Whether meetings in rooms get a link, too.", show_default=False
        ),
    ] = None,
    opt_out: Annotated[
        bool | None,
        typer.Option(
            "--opt-out/--no-opt-out", help="Whether organizers can refuse a link.", show_default=False
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take flags and defaults.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write a first rule file, with comments and tests. It writes to no calendar until you change it.

    Asks a few questions, those aside that flags have answered. Beside the file goes the schema with which
    editors help, where there is none yet.
    """
    if not is_rule_file(file.name):
        raise Refused(f"{file} would never be read; a rule file is named *{SUFFIX}")
    if file.exists() and not force:
        raise Refused(f"{file} exists already; say --force to overwrite it, or name another file")
    is_asked = not yes and not (domain and None not in {external_only, rooms, opt_out})
    if is_asked and not sys.stdin.isatty():
        raise Refused("there is nobody to ask; say --yes to take the flags and the defaults")
    wishes = Wishes(
        domains=_domains(domain, ask=not yes),
        external_only=_choice(
            external_only, "Only meetings with people from outside", ask=not yes, default=True
        ),
        rooms=_choice(rooms, "Links for meetings in rooms, too", ask=not yes, default=False),
        opt_out=_choice(opt_out, 'Let organizers refuse a link with "[no link]"', ask=not yes, default=True),
    )
    schema = file.parent / _SCHEMA
    write_file(file, starter.text(wishes, _SCHEMA))
    out = console()
    out.print(Text.assemble(("✓ ", "good"), (file.as_posix(), "place"), " is written, in report mode."))
    if not schema.exists():
        write_file(schema, rule_schema.text())
        out.print(
            Text.assemble(("✓ ", "good"), (schema.as_posix(), "place"), " is written; editors read it.")
        )
    folder = shlex.quote(file.parent.as_posix())
    out.print("Next: look at it, then")
    for command in ("validate", "test"):
        out.print(f"    joinlink {command} {folder}", soft_wrap=True)


def _domains(given: list[str] | None, *, ask: bool) -> tuple[str, ...]:
    if given or not ask:
        return mail_domains(_each(given or []))
    question = "Your mail domains, with commas between, subdomains included (nothing: those of the tenant)"
    while True:
        words = [typer.prompt(question, default="", show_default=False)]
        try:
            return mail_domains(_each(words))
        except Refused as error:
            console().print(f"{error}; once more, please")


def _choice(given: bool | None, question: str, *, ask: bool, default: bool) -> bool:  # noqa: FBT001 -- an option's value
    if given is not None:
        return given
    return typer.confirm(f"{question}?", default=default) if ask else default


def _each(words: Iterable[str]) -> Iterator[str]:
    """Yield the domains, whether one by one or with commas between; subdomains come with each of them."""
    for word in words:
        yield from (part.removeprefix("*.") for part in re.split(r"[,;\s]+", word))
