"""What a mailbox needs: its row held against the scope and the clock. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from shared.domain.messages import TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox, MailboxState

#: how long a mailbox is left alone that Graph keeps us out of
_PARKED = {MailboxState.FORBIDDEN: timedelta(hours=1), MailboxState.UNUSABLE: timedelta(days=1)}
#: Two answers of the directory, one run apart, have to agree that somebody has left.
ABSENCE = timedelta(minutes=10)
#: A task that is under way is not asked for again for so long after it was to be done.
ASKED = timedelta(minutes=30)


class Standing(Enum):
    """Where a mailbox stands towards the scope."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    #: inside, but the directory says that nobody keeps a calendar there
    UNUSABLE = "unusable"
    #: the scope could not be read, or not for sure
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What every mailbox is held against; `endpoint` is the fingerprint of URL and key in force."""

    endpoint: str
    sweep_every: timedelta
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do for a mailbox: a task for the queue, columns to set in its row, or nothing."""

    task: TaskKind | None = None
    reason: TaskReason | None = None
    columns: Mapping[str, str | datetime | None] = field(default_factory=dict)


NOTHING = Plan()


def plan(row: Mailbox, standing: Standing, why: str, wanted: Wanted) -> Plan:
    """Return what a mailbox needs now. `why` says what makes an unusable one so."""
    now = wanted.now
    if row.unclear or (row.asked_until and now < row.asked_until):
        return NOTHING
    match standing:
        case Standing.OUTSIDE:
            return _leave(row, now)
        case Standing.UNUSABLE:
            return _park(row, why, now)
        case Standing.UNKNOWN if row.state is None or row.is_let_go:
            return NOTHING
    due = _due(row, wanted)
    if due:
        task, reason = due
        return Plan(task=task, reason=reason, columns={"absent_since": None} if row.absent_since else {})
    returned = standing is Standing.INSIDE and row.absent_since
    return Plan(columns={"absent_since": None}) if returned else NOTHING


def _leave(row: Mailbox, now: datetime) -> Plan:
    if row.state in {None, MailboxState.REMOVED} and not row.subscription:
        return NOTHING
    if row.absent_since is None:
        return Plan(columns={"absent_since": now})
    if now < row.absent_since + ABSENCE:
        return NOTHING
    return Plan(task=TaskKind.UNSUBSCRIBE, reason=TaskReason.LEFT_SCOPE)


def _park(row: Mailbox, why: str, now: datetime) -> Plan:
    if row.subscription:
        return Plan(task=TaskKind.UNSUBSCRIBE, reason=TaskReason.UNUSABLE)
    if row.state is MailboxState.UNUSABLE and row.why == why:
        return NOTHING
    return Plan(
        columns={"state": MailboxState.UNUSABLE, "why": why, "state_since": now, "absent_since": None}
    )


def _due(row: Mailbox, wanted: Wanted) -> tuple[TaskKind, TaskReason] | None:
    """Return the first thing that is due for a mailbox that is to be watched."""
    now = wanted.now
    if row.state in _PARKED and not row.has_no_calendar:
        is_due = row.state_since is None or now >= row.state_since + _PARKED[row.state]
        return (TaskKind.SUBSCRIBE, TaskReason.PARKED) if is_due else None
    checks = (
        (row.state is not MailboxState.ACTIVE, TaskKind.SUBSCRIBE, TaskReason.NEW),
        (not row.subscription or _is_over(row.expires, now), TaskKind.SUBSCRIBE, TaskReason.GONE),
        (row.endpoint != wanted.endpoint, TaskKind.SUBSCRIBE, TaskReason.SETTINGS_CHANGED),
        (_is_over(row.renew_at, now), TaskKind.RENEW, TaskReason.DUE),
        (row.needs_sweep, TaskKind.SWEEP, TaskReason.GAP),
        (_is_over(row.last_sweep, now - wanted.sweep_every), TaskKind.SWEEP, TaskReason.SCHEDULE),
    )
    return next(((task, reason) for is_due, task, reason in checks if is_due), None)


def _is_over(moment: datetime | None, now: datetime) -> bool:
    return moment is None or now >= moment
