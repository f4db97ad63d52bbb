"""`joinlink explain`: show why an event gets a join link, or why not, by guard and by rule."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli import live, rule_files
from cli.desk import SettingsFile
from cli.event_file import EventFile, read_event
from cli.explained_event import ExplainedEvent
from cli.formats import explain_json, explain_text
from cli.ids import checked
from cli.mail_domains import mail_domains
from cli.output import Refused, print_json
from cli.scope_notes import Owner, scope_notes
from cli.time_notes import time_notes
from cli.times import parse_time
from shared.domain.event import MAX_BODY_BYTES
from shared.rules.explain import explain
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from shared.worker.common.world import World


def explain_event(
    *,
    file: Annotated[
        Path | None,
        typer.Option("--event", metavar="FILE", help="A file with an event in Graph's JSON; - reads stdin."),
    ] = None,
    mailbox: Annotated[
        str,
        typer.Option(
            "--mailbox", "-m", metavar="MAILBOX", help="Object id or address of a mailbox, with --event-id."
        ),
    ] = "",
    event_id: Annotated[
        str,
        typer.Option(
            "--event-id", "-e", metavar="ID", help="Id of an event in the mailbox, which is read from Graph."
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
    as_json: Annotated[bool, typer.Option("--json", help="Print the explanation as JSON.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Show why an event gets a join link, or why not.

    Prints each guard, each rule, and each condition with the event's value. The decision is the same as in
    the cloud. Nothing is written to Graph or storage.
    """
    is_live = bool(mailbox and event_id)
    if (file is None) is not is_live or (file is not None and (mailbox or event_id)):
        raise Refused("name an event: --event FILE, or --mailbox and --event-id together")
    time = _parse_time(at)
    if file is not None:
        explained = _from_file(file, rules, time, frozenset(mail_domains(domain or ())))
    else:
        explained = live.read_live_event(
            checked("--mailbox", mailbox), checked("--event-id", event_id), rules, time, settings
        )
    explanation = explain(explained.event, explained.policy, explained.facts, explained.now)
    if explained.report_only:
        explanation = replace(explanation, decision=explanation.decision.under_brake())
    if as_json:
        print_json(explain_json.document(explained, explanation))
    else:
        explain_text.print_explanation(explained, explanation)


def _from_file(
    file: Path, rules: Path | None, at: datetime | None, domains: frozenset[str]
) -> ExplainedEvent:
    policy = rule_files.load_one(rules or rule_files.DEFAULT)
    read = read_event(file)
    facts = Facts(tenant_domains=domains or None)
    return ExplainedEvent(
        event=read.event,
        policy=policy,
        facts=facts,
        now=at or World().now(),
        notes=tuple(_notes(read, policy, facts)),
    )


def _notes(read: EventFile, policy: Policy, facts: Facts) -> Iterator[str]:
    event = read.event
    if missing := read.missing_properties():
        yield (
            f"the file does not have {', '.join(missing)}; they count as empty, false or normal, and "
            "may have other values in Graph"
        )
    if event.body is None and policy.look_in_body:
        missing_body = (
            f"the body in the file is larger than {MAX_BODY_BYTES >> 20} MiB, which Joinlink does not search"
        )
        yield (
            missing_body
            if event.is_body_too_large
            else "the file does not have the body, which may have a join link: save the whole event"
        )
    if event.master is not None:
        yield (
            f"this is an {event.type} of a series; the worker decides for its series master, and the "
            "result may differ: save that event (seriesMasterId) and explain it"
        )
    yield from time_notes(event)
    if policy.needs_tenant_domains and facts.tenant_domains is None:
        yield "internal_domains is auto: to know who is external, give the tenant's domains with --domain"
    for group in sorted(policy.groups):
        yield f"the members of group {group} are not known from a file; --mailbox and --event-id read Graph"
    address = frozenset({event.organizer.lower()} if event.is_organizer else ()) - {""}
    owner = Owner(names=address, worker_names=address)
    yield from scope_notes(policy.mailboxes, owner, facts.members)


def _parse_time(text: str) -> datetime | None:
    time = parse_time(text) if text else None
    if text and time is None:
        raise Refused(f'--at takes a time such as 2026-12-31T09:00Z, and "{text}" is not a time')
    return time
