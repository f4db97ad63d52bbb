"""Explains events of a file: nothing is known of them but what is in it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cli import rule_files
from cli.event_file import EventFile, read_events
from cli.explained_event import ExplainedEvent
from cli.output import Refused
from cli.scope_notes import Owner, scope_notes
from cli.time_notes import time_notes
from shared.domain.event import MAX_BODY_BYTES
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from shared.worker.common.world import World


def events_of_file(
    file: Path, event_id: str, rules: Path | None, at: datetime | None, domains: frozenset[str]
) -> list[ExplainedEvent]:
    """Return the events of a file, or only the one with an id, with notes for the admin.

    Raises:
        Refused: the file has no such events.
        Failed: the rules have errors.
    """
    policy = rule_files.load_one(rules or rule_files.DEFAULT)
    read = [each for each in read_events(file) if not event_id or each.event.id == event_id]
    if not read:
        raise Refused(f"{file} has no event with the id that --event-id names")
    facts, now = Facts(tenant_domains=domains or None), at or World().now()
    return [
        ExplainedEvent(
            event=each.event,
            policy=policy,
            facts=facts,
            now=now,
            own_notes=tuple(_notes(each, policy, facts)),
        )
        for each in read
    ]


def _notes(read: EventFile, policy: Policy, facts: Facts) -> Iterator[str]:
    event = read.event
    if missing := read.missing_properties():
        yield (
            f"the file does not have {', '.join(missing)}; they count as empty, false or normal, and "
            "may have other values in Graph"
        )
    if event.body is None and policy.look_in_body:
        yield (
            f"the body in the file is larger than {MAX_BODY_BYTES >> 20} MiB, which Joinlink does not search"
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
    if policy.needs_department:
        yield "the organizer's department is not known from a file; --mailbox and --event-id read Graph"
    address = frozenset({event.organizer.lower()} if event.is_organizer else ()) - {""}
    owner = Owner(names=address, worker_names=address)
    yield from scope_notes(policy.mailboxes, owner, facts.members)
