"""`joinlink explain`: why an event gets a join link or none, guard by guard and rule by rule."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli import live, rule_files, scope
from cli.event_file import EventFile, read_event
from cli.formats import explain_json, explain_text
from cli.ids import checked
from cli.mail_domains import mail_domains
from cli.moments import moment
from cli.output import Refused, print_json
from cli.subject import Subject
from cli.time_notes import time_notes
from shared.rules.explain import explain
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from shared.worker.common.world import World


def explain_event(
    *,
    file: Annotated[
        Path | None,
        typer.Option("--event", metavar="FILE", help="An event in Graph's JSON; - reads it from stdin."),
    ] = None,
    mailbox: Annotated[
        str, typer.Option("--mailbox", "-m", metavar="MAILBOX", help="Object id or address of a mailbox …")
    ] = "",
    event_id: Annotated[
        str, typer.Option("--event-id", "-e", metavar="ID", help="… and the event in it, read from Graph.")
    ] = "",
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            "-r",
            metavar="PATH",
            help="The rules to ask. Default: with --event, the folder rules; else JOINLINK_RULES.",
            show_default=False,
        ),
    ] = None,
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="Decide as at this time, such as 2026-12-31T09:00Z.")
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
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show how an event is decided: each guard, each rule in order, each condition with what the event has.

    The decision is the one that the cloud makes. Nothing is written, neither to Graph nor to storage.
    """
    live_event = bool(mailbox and event_id)
    if (file is None) is not live_event or (file is not None and (mailbox or event_id)):
        raise Refused("name an event: --event FILE, or --mailbox and --event-id together")
    when = _moment(at)
    if file is not None:
        subject = _from_file(file, rules, when, frozenset(mail_domains(domain or ())))
    else:
        subject = live.look(checked("--mailbox", mailbox), checked("--event-id", event_id), rules, when)
    explanation = explain(subject.event, subject.policy, subject.facts, subject.now)
    if subject.report_only:
        explanation = replace(explanation, decision=explanation.decision.under_brake())
    if as_json:
        print_json(explain_json.document(subject, explanation))
    else:
        explain_text.show(subject, explanation)


def _from_file(file: Path, rules: Path | None, at: datetime | None, domains: frozenset[str]) -> Subject:
    policy = rule_files.load_one(rules or rule_files.DEFAULT)
    read = read_event(file)
    facts = Facts(tenant_domains=domains or None)
    return Subject(
        event=read.event,
        policy=policy,
        facts=facts,
        now=at or World().now(),
        notes=tuple(_notes(read, policy, facts)),
    )


def _notes(read: EventFile, policy: Policy, facts: Facts) -> Iterator[str]:
    event = read.event
    if lacking := read.lacking(with_body=policy.look_in_body):
        yield (
            f"the file does not say {', '.join(lacking)}; what is not said counts as empty, false or normal, "
            "and may be otherwise in Graph"
        )
    if event.master is not None:
        yield (
            f"this is the {event.type} of a series, and the worker judges its series master, which may be "
            "decided otherwise: save that event (seriesMasterId) and explain it"
        )
    yield from time_notes(event)
    if policy.needs_tenant_domains and facts.tenant_domains is None:
        yield "internal_domains is auto: name the tenant's domains with --domain to tell who is external"
    for group in sorted(policy.groups):
        yield f"a file tells nothing of the members of group {group}; --mailbox and --event-id ask Graph"
    address = frozenset({event.organizer.lower()} if event.is_organizer else ()) - {""}
    owner = scope.Owner(names=address, at_work=address)
    yield from scope.notes(policy.mailboxes, owner, facts.members)


def _moment(text: str) -> datetime | None:
    read = moment(text) if text else None
    if text and read is None:
        raise Refused(f'--at takes a time such as 2026-12-31T09:00Z, and "{text}" is none')
    return read
