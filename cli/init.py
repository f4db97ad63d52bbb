"""`joinlink init`: write a first rule file, from options and from answers to a few questions."""

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
from cli.output import AsJson, Refused, confirm, console, on_terminal, print_json, talk, write_file
from cli.starter import StarterOptions
from shared.storage.rule_folder import SUFFIX, is_rule_file

_DEFAULT = Path("rules/joinlink.yaml")
_SCHEMA = "rules.schema.json"


def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", hidden=True)] = _DEFAULT,
    *,
    domain: Annotated[
        list[str] | None,
        typer.Option(
            "--domain",
            metavar="DOMAIN",
            help="A mail domain of your company; can be repeated. Default: those of the tenant.",
            show_default=False,
        ),
    ] = None,
    external_only: Annotated[
        bool | None,
        typer.Option("--external-only/--all-meetings", help="Which meetings get a link.", show_default=False),
    ] = None,
    rooms: Annotated[
        bool | None,
        typer.Option(
            "--rooms/--no-rooms", help="Whether meetings in rooms get a link, too.", show_default=False
        ),
    ] = None,
    opt_out: Annotated[
        bool | None,
        typer.Option("--opt-out/--no-opt-out", help="Whether organizers can opt out.", show_default=False),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask no questions; use options and defaults.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a first rule file, with comments and tests.

    FILE is the file to write. Default: rules/joinlink.yaml. Its rules write to no calendar until you change
    them. The command asks a question for each option that is not given. It also writes the schema for editors
    next to the file, unless it exists.
    """
    if not is_rule_file(file.name):
        raise Refused(f"Joinlink would not read {file}; a rule file is named *{SUFFIX}")
    if file.exists() and not force:
        raise Refused(f"{file} already exists; use --force to overwrite it, or name another file")
    asks = not yes and not (domain and None not in {external_only, rooms, opt_out})
    if asks and not sys.stdin.isatty():
        raise Refused("there is no terminal for questions; use --yes to take options and defaults")
    options = StarterOptions(
        domains=_domains(domain, ask=not yes),
        external_only=_choice(
            external_only, "Only meetings with people from outside the company", ask=not yes, default=True
        ),
        rooms=_choice(rooms, "Links for meetings in rooms, too", ask=not yes, default=False),
        opt_out=_choice(
            opt_out, 'Let organizers opt out with "[no link]" in the subject', ask=not yes, default=True
        ),
    )
    schema = file.parent / _SCHEMA
    write_file(file, starter.text(options, _SCHEMA))
    written = [file.as_posix()]
    out = talk(as_json=as_json)
    out.print(Text.assemble(("✓ ", "good"), "wrote ", (file.as_posix(), "place"), ", in report mode"))
    if not schema.exists():
        write_file(schema, rule_schema.text())
        written.append(schema.as_posix())
        out.print(Text.assemble(("✓ ", "good"), "wrote ", (schema.as_posix(), "place"), ", for editors"))
    folder = shlex.quote(file.parent.as_posix())
    out.print("Next, read the file and run:")
    for command in ("validate", "test"):
        out.print(f"    joinlink {command} {folder}", soft_wrap=True)
    if as_json:
        print_json({"written": written})


def _domains(given: list[str] | None, *, ask: bool) -> tuple[str, ...]:
    if given or not ask:
        return mail_domains(_each(given or []))
    question = "Your mail domains, separated by commas; subdomains are included (empty: those of the tenant)"
    while True:
        words = [typer.prompt(on_terminal(question), default="", show_default=False, err=True)]
        try:
            return mail_domains(_each(words))
        except Refused as error:
            console(sys.stderr).print(f"{error}; try again")


def _choice(given: bool | None, question: str, *, ask: bool, default: bool) -> bool:  # noqa: FBT001 -- an option's value
    if given is not None:
        return given
    return confirm(f"{question}?", default=default) if ask else default


def _each(words: Iterable[str]) -> Iterator[str]:
    """Yield the domains, separated by commas or spaces; `*.` is removed: subdomains are always included."""
    for word in words:
        yield from (part.removeprefix("*.") for part in re.split(r"[,;\s]+", word))
