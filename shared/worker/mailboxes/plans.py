"""Decides what one mailbox needs, from its row, its place in the scope and the time. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from shared.domain.decision import Reason
from shared.domain.mailbox import USERS_ONLY, Kinds, kinds_text, reason_against
from shared.domain.messages import TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox, MailboxState

#: how long Joinlink waits before it retries a mailbox that Graph refuses
_RETRY_AFTER = {MailboxState.FORBIDDEN: timedelta(hours=1), MailboxState.UNUSABLE: timedelta(days=1)}
#: how often a pause of notifications causes a sweep
PAUSE_SWEEPS_EVERY = timedelta(hours=6)
#: A mailbox has left only if two answers of the directory, one run apart, agree.
ABSENCE = timedelta(minutes=10)
#: If Graph does not show the purpose of a mailbox whose kind seems to have changed, it is watched this long.
_PURPOSE_PATIENCE = timedelta(days=1)
#: A task that is due is not requested again for this long.
TASK_TIME = timedelta(minutes=30)


class ScopeStatus(Enum):
    """Whether a mailbox is in the scope."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    #: inside, but according to the directory it has no calendar
    UNUSABLE = "unusable"
    #: the scope could not be read, or is doubtful
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What every mailbox is compared with; `endpoint` is the fingerprint of the URL and key in force."""

    endpoint: str
    sweep_every: timedelta
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxPlan:
    """What to do for a mailbox: a task for the queue, columns to set in its row, or nothing.

    `removal` is why its subscription must end. This is not a task yet: a run first counts all removals
    (`shared.worker.mailboxes.removals`).
    """

    task: TaskKind | None = None
    reason: TaskReason | None = None
    columns: Mapping[str, str | datetime | None] = field(default_factory=dict)
    removal: TaskReason | None = None


NOTHING = MailboxPlan()


def plan_mailbox(
    row: Mailbox, status: ScopeStatus, why: str, required: Requirements, kinds: Kinds = USERS_ONLY
) -> MailboxPlan:
    """Return what a mailbox needs now.

    `why` is the reason why an unusable one is unusable, `kinds` are those of which one inside must be.
    """
    if row.unclear:
        return NOTHING
    match status:
        case ScopeStatus.OUTSIDE:
            return _plan_outside(row, required)
        case ScopeStatus.UNUSABLE:
            return _plan_unusable(row, why, required)
        case ScopeStatus.UNKNOWN:
            return _plan_unknown(row, required)
        case ScopeStatus.INSIDE:
            reason = reason_against(row.purpose, kinds)
            plan = _plan_other_kind(row, reason, required) if reason else _plan_watched(row, status, required)
            return _with_kinds(plan, row, kinds)


def _plan_unknown(row: Mailbox, required: Requirements) -> MailboxPlan:
    if row.state is None or row.is_ineligible:
        return NOTHING
    return _plan_held(row, required) if row.held else _plan_watched(row, ScopeStatus.UNKNOWN, required)


def _plan_watched(row: Mailbox, status: ScopeStatus, required: Requirements) -> MailboxPlan:
    """Return what a mailbox needs that must be watched."""
    columns: dict[str, str | datetime | None] = {}
    if status is ScopeStatus.INSIDE and row.absent_since:
        columns["absent_since"] = None
    if status is ScopeStatus.INSIDE and row.held:  # Joinlink wrote nothing meanwhile, so sweep it
        columns |= {"held": "", "watched_since": required.now}
        row = replace(row, watched_since=required.now)
    due = None if has_task(row, required.now) else _due_task(row, required)
    task, reason = due or (None, None)
    return MailboxPlan(task=task, reason=reason, columns=columns)


def has_task(row: Mailbox, now: datetime) -> bool:
    """Return whether a task for the mailbox is on the queue."""
    return row.asked_until is not None and now < row.asked_until


def _plan_outside(row: Mailbox, required: Requirements) -> MailboxPlan:
    if row.state in {None, MailboxState.REMOVED} and not row.is_subscribed:
        return NOTHING
    if row.absent_since is None:
        return MailboxPlan(columns={"absent_since": required.now})
    if required.now < row.absent_since + ABSENCE:
        return NOTHING
    return replace(_plan_held(row, required), removal=TaskReason.LEFT_SCOPE)


def _plan_unusable(row: Mailbox, why: str, required: Requirements) -> MailboxPlan:
    if row.is_subscribed:
        return replace(_plan_held(row, required), removal=TaskReason.UNUSABLE)
    if row.state is MailboxState.UNUSABLE and row.why == why:
        return NOTHING
    return MailboxPlan(
        columns={
            "state": MailboxState.UNUSABLE,
            "why": why,
            "state_since": required.now,
            "absent_since": None,
        }
    )


def _plan_other_kind(row: Mailbox, reason: Reason, required: Requirements) -> MailboxPlan:
    """Return the plan for a mailbox that is not of the right kind, as far as its purpose is known.

    A watched one leaves the scope, but first its purpose is read again. Of the others the purpose is read
    once a day.
    """
    now = required.now
    if row.subscription or row.state is MailboxState.ACTIVE:
        return _plan_change_of_kind(row, required)
    if row.state is MailboxState.UNUSABLE and row.why == TaskReason.UNUSABLE:  # it was just unsubscribed
        return MailboxPlan(columns={"why": reason, "state_since": now, "absent_since": None})
    if has_task(row, now) or (not row.has_no_calendar and _is_waiting(row, now)):
        return NOTHING
    is_new = row.state in {None, MailboxState.REMOVED}
    return MailboxPlan(task=TaskKind.SUBSCRIBE, reason=TaskReason.NEW if is_new else TaskReason.PARKED)


def _plan_change_of_kind(row: Mailbox, required: Requirements) -> MailboxPlan:
    """Return the plan for a watched mailbox whose known purpose is not of the right kind any more."""
    now = required.now
    since = row.absent_since
    if since and ((row.purpose_read and row.purpose_read >= since) or now >= since + _PURPOSE_PATIENCE):
        return replace(_plan_held(row, required), removal=TaskReason.UNUSABLE)
    columns = {} if since else {"absent_since": now}
    if has_task(row, now):
        return MailboxPlan(columns=columns)
    return MailboxPlan(task=TaskKind.RENEW, reason=TaskReason.DUE, columns=columns)


def _with_kinds(plan: MailboxPlan, row: Mailbox, kinds: Kinds) -> MailboxPlan:
    """Add the kinds of which the mailbox must be to its row, where tasks read them."""
    text = kinds_text(kinds)
    return plan if row.kinds == text else replace(plan, columns={**plan.columns, "kinds": text})


def _plan_held(row: Mailbox, required: Requirements) -> MailboxPlan:
    """Return the renewal of a held mailbox that is due, so that its subscription does not expire."""
    is_due = row.held and row.subscription and _has_passed(row.renew_at, required.now)
    if not is_due or has_task(row, required.now):
        return NOTHING
    return MailboxPlan(task=TaskKind.RENEW, reason=TaskReason.DUE)


def _due_task(row: Mailbox, required: Requirements) -> tuple[TaskKind, TaskReason] | None:
    """Return the most urgent task of a mailbox that must be watched."""
    now = required.now
    if row.state in _RETRY_AFTER and not row.is_ineligible:
        return None if _is_waiting(row, now) else (TaskKind.SUBSCRIBE, TaskReason.PARKED)
    checks = (
        (row.state is not MailboxState.ACTIVE, TaskKind.SUBSCRIBE, TaskReason.NEW),
        (not row.subscription or _has_passed(row.expires, now), TaskKind.SUBSCRIBE, TaskReason.GONE),
        (row.endpoint != required.endpoint, TaskKind.SUBSCRIBE, TaskReason.SETTINGS_CHANGED),
        (row.is_quiet, TaskKind.SUBSCRIBE, TaskReason.QUIET),
        (_has_passed(row.renew_at, now), TaskKind.RENEW, TaskReason.DUE),
        (row.needs_sweep, TaskKind.SWEEP, TaskReason.GAP),
        (_is_sweep_due(row, now), TaskKind.SWEEP, TaskReason.REAUTHORIZATION_REQUIRED),
        (_has_passed(row.last_sweep, now - required.sweep_every), TaskKind.SWEEP, TaskReason.SCHEDULE),
        # the next part of a calendar's first sweep
        (
            bool(row.calendars_due) and _has_passed(row.calendars_due, now),
            TaskKind.SWEEP,
            TaskReason.SCHEDULE,
        ),
    )
    return next(((task, reason) for is_due, task, reason in checks if is_due), None)


def sweep_after_pause(row: Mailbox, now: datetime) -> datetime | None:
    """Return when to sweep a mailbox whose notifications paused until now: soon, but not twice in six hours.

    Graph repeats `reauthorizationRequired` every few minutes. What changed during a pause is lost.
    """
    last = row.sweep_due
    if last is None or now >= last + PAUSE_SWEEPS_EVERY:
        return now
    return last if row.needs_sweep_after_pause else last + PAUSE_SWEEPS_EVERY


def _is_sweep_due(row: Mailbox, now: datetime) -> bool:
    return row.needs_sweep_after_pause and _has_passed(row.sweep_due, now)


def _is_waiting(row: Mailbox, now: datetime) -> bool:
    """Return whether it is too early to try a mailbox again that can't be served."""
    return row.state in _RETRY_AFTER and not _has_passed(row.state_since, now - _RETRY_AFTER[row.state])


def _has_passed(moment: datetime | None, now: datetime) -> bool:
    return moment is None or now >= moment
