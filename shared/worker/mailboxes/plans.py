"""What a mailbox needs: from its row, the scope and the clock. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    """What to do for a mailbox: a task for the queue, columns to set in its row, or nothing.

    `leaves` says why its subscription is to end. That is no task yet: a run ends subscriptions only after it
    has counted how many there are (`shared.worker.mailboxes.leaving`).
    """

    task: TaskKind | None = None
    reason: TaskReason | None = None
    columns: Mapping[str, str | datetime | None] = field(default_factory=dict)
    leaves: TaskReason | None = None


NOTHING = Plan()


def plan(row: Mailbox, standing: Standing, why: str, wanted: Wanted) -> Plan:
    """Return what a mailbox needs now. `why` says what makes an unusable one so."""
    if row.unclear:
        return NOTHING
    match standing:
        case Standing.OUTSIDE:
            return _leave(row, wanted)
        case Standing.UNUSABLE:
            return _park(row, why, wanted)
        case Standing.UNKNOWN if row.state is None or row.is_ineligible:
            return NOTHING
        case Standing.UNKNOWN if row.held:
            return _kept_alive(row, wanted)
    columns: dict[str, str | datetime | None] = {}
    if standing is Standing.INSIDE and row.absent_since:
        columns["absent_since"] = None
    if standing is Standing.INSIDE and row.held:  # nothing was written meanwhile, so it is swept
        columns |= {"held": "", "watched_since": wanted.now}
        row = replace(row, watched_since=wanted.now)
    due = None if is_asked(row, wanted.now) else _due(row, wanted)
    task, reason = due or (None, None)
    return Plan(task=task, reason=reason, columns=columns)


def is_asked(row: Mailbox, now: datetime) -> bool:
    """Whether a task for the mailbox is on its way."""
    return row.asked_until is not None and now < row.asked_until


def _leave(row: Mailbox, wanted: Wanted) -> Plan:
    if row.state in {None, MailboxState.REMOVED} and not row.subscription:
        return NOTHING
    if row.absent_since is None:
        return Plan(columns={"absent_since": wanted.now})
    if wanted.now < row.absent_since + ABSENCE:
        return NOTHING
    return replace(_kept_alive(row, wanted), leaves=TaskReason.LEFT_SCOPE)


def _park(row: Mailbox, why: str, wanted: Wanted) -> Plan:
    if row.subscription:
        return replace(_kept_alive(row, wanted), leaves=TaskReason.UNUSABLE)
    if row.state is MailboxState.UNUSABLE and row.why == why:
        return NOTHING
    return Plan(
        columns={"state": MailboxState.UNUSABLE, "why": why, "state_since": wanted.now, "absent_since": None}
    )


def _kept_alive(row: Mailbox, wanted: Wanted) -> Plan:
    """Return the renewal that a held mailbox needs, so that its subscription does not end by itself."""
    is_due = row.held and row.subscription and _is_over(row.renew_at, wanted.now)
    if not is_due or is_asked(row, wanted.now):
        return NOTHING
    return Plan(task=TaskKind.RENEW, reason=TaskReason.DUE)


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
