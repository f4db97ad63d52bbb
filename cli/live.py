"""An event looked at where it lies: Graph, the app's memory and rules, by the app's settings. Reads only."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cli import parts, rule_files, scope
from cli.output import Failed, Refused
from cli.subject import Subject
from cli.time_notes import time_notes
from shared.desk.event_look import Desk, Look
from shared.domain.meeting import PENDING, Meeting, MeetingState
from shared.errors import (
    EventNotFound,
    Forbidden,
    GraphError,
    GraphUnavailable,
    MailboxUnusable,
    StorageUnavailable,
    Throttled,
    Unauthorized,
)
from shared.rule_files.loader import load_policy
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from shared.worker.common.policies import unreadable

_SENTENCES: dict[type[GraphError], str] = {
    EventNotFound: "Graph finds no such event in this mailbox; its id is the immutable one, as in the log",
    MailboxUnusable: "Graph serves no mailbox of this name; name it by object id or user principal name",
    Forbidden: "Graph denies access; check the app's permissions and application access policies",
    Unauthorized: "Graph refuses the token; check the secret, the certificate or the identity",
    Throttled: "Graph asks to wait; try again in a minute",
    GraphUnavailable: "Graph can't be reached, or fails; try again, and check Microsoft 365 service health",
}
_REFUSED = "Graph refuses; look whether mailbox and event id are whole"


def look(mailbox: str, event_id: str, rules: Path | None, at: datetime | None) -> Subject:
    """Return the event with what the worker would know of it.

    Raises:
        SettingsError: settings are missing or malformed.
        Refused: the rules can't be read.
        Failed: they have errors, or Graph or storage do not answer as they should.
    """
    try:
        with parts.opened() as (joinlink, _world):
            desk = joinlink.desk()
            policy = rule_files.load_one(rules) if rules is not None else rules_in_force(desk)
            found = desk.look(mailbox, event_id, policy)
            members = desk.directory.members(policy.mailboxes.groups)
            in_scope = scope.notes(policy.mailboxes, _owner(found), members)
    except GraphError as error:
        said = next((text for kind, text in _SENTENCES.items() if isinstance(error, kind)), _REFUSED)
        raise Failed(f"{said} ({error})") from error
    except StorageUnavailable as error:
        raise Failed(f"the storage account does not answer ({error})") from error
    return Subject(
        event=found.event,
        policy=policy,
        facts=found.facts,
        now=at or desk.now(),
        report_only=desk.report_only,
        notes=(
            *found.warnings,
            *in_scope,
            *time_notes(found.event),
            *_unknown(policy, found.facts),
            *_notes(desk, found.facts.meeting, event_id, found.event.id),
        ),
    )


def rules_in_force(desk: Desk) -> Policy:
    """Return the policy of JOINLINK_RULES.

    Raises:
        Refused: it can't be read.
        Failed: it has errors.
        StorageUnavailable: its container does not answer.
    """
    try:
        files = desk.rules.read()
    except OSError as error:
        raise Refused(f"the rules of JOINLINK_RULES can't be read: {unreadable(error)}") from error
    loaded = load_policy(files)
    if loaded.policy is None:
        raise Failed(
            "the rules of JOINLINK_RULES have errors, so the last good ones are in force; "
            f"the first is {loaded.errors[0]}"
        )
    return loaded.policy


def _owner(found: Look) -> scope.Owner:
    address = {found.event.organizer.lower()} if found.event.is_organizer else set()
    return scope.Owner(
        names=frozenset({found.owner.id, found.owner.name.lower()}),
        at_work=frozenset({found.owner.id, *address}),
        called=found.owner.name,
    )


def _notes(desk: Desk, meeting: Meeting | None, asked: str, judged: str) -> list[str]:
    notes = []
    if asked != judged:
        notes.append("this is one of a series; the series is judged by its master, which is shown here")
    if desk.report_only:
        notes.append("JOINLINK_MODE=report is set: nothing is written, whatever is decided")
    if meeting is not None:
        rule = f" by {meeting.rule}" if meeting.rule else ""
        notes.append(f"remembered since {meeting.at:%Y-%m-%d %H:%M} UTC: {meeting.state}{rule}")
        if meeting.state in PENDING:
            notes.append("a write is under way: the app first finds out what became of it")
        if meeting.state is MeetingState.RELEASED:
            notes.append("joinlink held --release allowed one more write")
    return notes


def _unknown(policy: Policy, facts: Facts) -> Iterator[str]:
    if policy.needs_tenant_domains and facts.tenant_domains is None:
        yield "the tenant's verified domains can't be read, so it is not known who is external"
    for group in sorted(policy.groups - facts.members.keys()):
        yield f"the members of group {group} can't be read"
