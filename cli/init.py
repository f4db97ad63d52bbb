"""`joinlink init`: write a first rule file, after a few questions or from flags."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from cli import starter
from cli.mail_domains import mail_domains
from cli.output import Refused, console, write_file
from cli.starter import Wishes
from shared.storage.rule_source import SUFFIX, is_rule_file

_DEFAULT = Path("rules/joinlink.yaml")


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

    Asks a few questions, those aside that flags have answered.
    """
    if not is_rule_file(file.name):
        raise Refused(f"{file} would never be read; a rule file is named *{SUFFIX}")
    if file.exists() and not force:
        raise Refused(f"{file} exists already; say --force to overwrite it, or name another file")
    if not yes and not sys.stdin.isatty():
        raise Refused("there is nobody to ask; say --yes to take the flags and the defaults")
    ask = not yes
    wishes = Wishes(
        domains=_domains(domain, ask=ask),
        external_only=_choice(external_only, "Only meetings with people from outside", ask=ask, default=True),
        rooms=_choice(rooms, "Links for meetings in rooms, too", ask=ask, default=False),
        opt_out=_choice(opt_out, 'Let organizers refuse a link with "[no link]"', ask=ask, default=True),
    )
    write_file(file, starter.text(wishes))
    out = console()
    out.print(Text.assemble(("✓ ", "good"), (file.as_posix(), "place"), " is written, in report mode."))
    out.print(f"Next: look at it, then joinlink validate {file.parent} and joinlink test {file.parent}.")


def _domains(given: list[str] | None, *, ask: bool) -> tuple[str, ...]:
    words = given or []
    if not given and ask:
        question = "Your mail domains, with commas between (nothing: those of the tenant)"
        words = re.split(r"[,;\s]+", typer.prompt(question, default="", show_default=False))
    return mail_domains(words)


def _choice(given: bool | None, question: str, *, ask: bool, default: bool) -> bool:  # noqa: FBT001 -- an option's value
    if given is not None:
        return given
    return typer.confirm(f"{question}?", default=default) if ask else default
