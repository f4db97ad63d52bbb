"""Reads events with what the worker knows of them, from Graph, storage and the rules. Writes nothing."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cli import rule_files
from cli.desk import open_desk
from cli.explained_event import ExplainedEvent
from cli.in_force import differences_from
from cli.output import Failed, Refused
from cli.scope_notes import Owner, scope_notes
from cli.time_notes import time_notes
from shared.desk.event_reader import EventReader, LiveEvent
from shared.desk.event_reference import EventReference
from shared.desk.wiring import Desk
from shared.domain.meeting import PENDING, MeetingState
from shared.rule_files.loader import load_policy
from shared.rules.policy import Policy
from shared.worker.common.rule_ports import read_problem

_BRAKE = "JOINLINK_MODE=report is set: nothing is written, whatever the decision"


def read_live_event(
    mailbox: str,
    reference: EventReference,
    rules: Path | None,
    at: datetime | None,
    settings: Path | None,
) -> ExplainedEvent:
    """Return the event with what the worker would know of it.

    Raises:
        SettingsError: settings are missing or malformed.
        Refused: the rules can't be read.
        Failed: the rules have errors.
        GraphError, StorageUnavailable: Graph or storage fail.
    """
    with open_desk(settings) as desk:
        policy = chosen_policy(desk, rules)
        reader = desk.event_reader()
        now = at or desk.world.now()
        event_id = reader.find(mailbox, reference, policy, desk.world.now())
        live = reader.read(mailbox, event_id, policy, now)
        return explained_event(desk, reader, policy, live, now)


def chosen_policy(desk: Desk, rules: Path | None) -> Policy:
    """Return the policy of --rules, else that of JOINLINK_RULES. Raises as `rules_in_force`."""
    return rule_files.load_one(rules) if rules is not None else rules_in_force(desk)


def explained_event(
    desk: Desk,
    reader: EventReader,
    policy: Policy,
    live: LiveEvent,
    now: datetime,
) -> ExplainedEvent:
    """Return an event that was read, with its decision at `now` and notes for the admin.

    Raises:
        GraphError: the members of a group can't be read.
    """
    return ExplainedEvent(
        event=live.event,
        policy=policy,
        facts=live.facts,
        now=now,
        report_only=desk.is_report_only,
        general_notes=(
            *differences_from(desk, policy),
            *([_BRAKE] if desk.is_report_only else []),
            *_scope_notes(reader, policy, live),
            *_missing_facts(policy, live),
        ),
        own_notes=(*live.warnings, *time_notes(live.event), *_notes(live)),
    )


def rules_in_force(desk: Desk) -> Policy:
    """Return the policy of JOINLINK_RULES.

    Raises:
        Refused: it can't be read.
        Failed: it has errors.
        StorageUnavailable: the container does not answer.
    """
    try:
        files = desk.rules.read()
    except OSError as error:
        raise Refused(f"the rules of JOINLINK_RULES can't be read: {read_problem(error)}") from error
    loaded = load_policy(files)
    if loaded.policy is None:
        raise Failed(
            "the rules of JOINLINK_RULES have errors, so the last valid ones are in force; "
            f"the first error: {loaded.errors[0]}"
        )
    return loaded.policy


def _scope_notes(reader: EventReader, policy: Policy, live: LiveEvent) -> Iterator[str]:
    address = {live.event.organizer.lower()} if live.event.is_organizer else set()
    owner = Owner(
        names=frozenset({live.owner.id, live.owner.name.lower()}),
        worker_names=frozenset({live.owner.id, *address}),
        shown_name=live.owner.name,
    )
    return scope_notes(policy.mailboxes, owner, reader.directory.members(policy.mailboxes.groups))


def _notes(live: LiveEvent) -> list[str]:
    notes, meeting = [], live.facts.meeting
    if live.of_occurrence:
        notes.append(
            "this is part of a series; the worker decides for the series master, which is shown here"
        )
    if meeting is not None:
        rule = f" by {meeting.rule}" if meeting.rule else ""
        notes.append(f"recorded at {meeting.at:%Y-%m-%d %H:%M} UTC: {meeting.state}{rule}")
        if meeting.state in PENDING:
            notes.append("a write is in progress: the worker checks its effect first")
        if meeting.state is MeetingState.RELEASED:
            notes.append("joinlink held --release allowed one more write")
    return notes


def _missing_facts(policy: Policy, live: LiveEvent) -> Iterator[str]:
    facts = live.facts
    if policy.needs_tenant_domains and facts.tenant_domains is None:
        yield "the tenant's verified domains can't be read, so it is not known who is external"
    for group in sorted(policy.groups - facts.members.keys()):
        yield f"the members of group {group} can't be read"
    if policy.needs_department and live.event.is_organizer and facts.department is None:
        yield "the organizer's department can't be read: that needs User.Read.All"
