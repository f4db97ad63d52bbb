"""`joinlink explain`: show why an event gets a join link, or why not, by guard and by rule."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli import live
from cli.choose_event import choose
from cli.desk_options import SettingsFile
from cli.explained_event import Explained, ExplainedEvent, with_explanation
from cli.explained_file import events_of_file
from cli.formats import events_text, explain_json, explain_text
from cli.ids import checked
from cli.mail_domains import mail_domains
from cli.output import AsJson, Refused, note, print_json
from cli.times import parse_time
from shared.desk.event_reference import EventReference, parse_reference


def explain_event(
    *,
    file: Annotated[
        Path | None,
        typer.Option(
            "--event",
            metavar="FILE",
            help="A file with an event or a list of them in Graph's JSON; - reads stdin.",
        ),
    ] = None,
    mailbox: Annotated[
        str,
        typer.Option(
            "--mailbox",
            "-m",
            metavar="MAILBOX",
            help="Object id or address of a mailbox, which is read live.",
        ),
    ] = "",
    event_id: Annotated[
        str,
        typer.Option(
            "--event-id",
            "-e",
            metavar="ID",
            help="The event in the mailbox: its id, its iCalUId, or its link from Outlook or Teams.",
        ),
    ] = "",
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            "-r",
            metavar="PATH",
            help="The rules to use. Default: the folder rules with --event, else JOINLINK_RULES.",
            show_default=False,
        ),
    ] = None,
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="Decide for this time, such as 2026-12-31T09:00Z.")
    ] = "",
    domain: Annotated[
        list[str] | None,
        typer.Option(
            "--domain",
            metavar="DOMAIN",
            help="With --event: a verified domain of the tenant, for internal_domains: auto.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Show why an event gets a join link, or why not.

    Prints each guard, each rule, and each condition with the event's value. The decision is the same as in
    the cloud. Nothing is written to Graph or storage.

    --mailbox alone lists the coming events to choose from. A file may also have a list of events, such as the
    answer of a calendar view: then each gets a line, --event-id selects one, and --json explains all.
    """
    time = _parse_time(at)
    if bool(file) is bool(mailbox):
        raise Refused(
            "name an event: --event FILE, or --mailbox with --event-id; --mailbox alone offers those to come"
        )
    if file is not None:
        domains = frozenset(mail_domains(domain or ()))
        events = events_of_file(file, event_id, rules, time, domains)
    else:
        reference = _reference(event_id) if event_id else None
        events = [_live(checked("--mailbox", mailbox), reference, rules, time, settings)]
    _show([with_explanation(event) for event in events], as_json=as_json)


def _live(
    mailbox: str,
    reference: EventReference | None,
    rules: Path | None,
    at: datetime | None,
    settings: Path | None,
) -> ExplainedEvent:
    if reference:
        return live.read_live_event(mailbox, reference, rules, at, settings)
    return choose(mailbox, rules, at, settings)


def _show(events: Sequence[Explained], *, as_json: bool) -> None:
    if as_json:
        documents = [explain_json.document(each.explained, each.explanation) for each in events]
        print_json(documents if len(events) > 1 else documents[0])
    elif len(events) == 1:
        explain_text.print_explanation(events[0].explained, events[0].explanation)
    else:
        events_text.show(events, with_subjects=True)
        note("--event-id ID explains one of them, --json all")


def _reference(text: str) -> EventReference:
    try:
        return parse_reference(text)
    except ValueError as error:
        raise Refused(
            f"--event-id takes an event's id, iCalUId or link from Outlook or Teams: {error}"
        ) from None


def _parse_time(text: str) -> datetime | None:
    time = parse_time(text) if text else None
    if text and time is None:
        raise Refused(f'--at takes a time such as 2026-12-31T09:00Z, and "{text}" is not a time')
    return time
