"""Compares the scope with the rows of the table and plans what each mailbox needs.

Both lists are in the order of ids and are read one entry at a time, so memory does not grow with the tenant.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.domain.mailbox import USERS_ONLY, Kinds, kinds_from
from shared.domain.messages import TaskKind
from shared.storage.mailboxes import Mailbox
from shared.worker.mailboxes.maintenance_run import MaintenanceRun
from shared.worker.mailboxes.plans import MailboxPlan, Requirements, ScopeStatus, has_task, plan_mailbox
from shared.worker.mailboxes.removals import PendingRemovals, Removal, is_released
from shared.worker.mailboxes.scope import why_unusable


def plan_all(
    scope: Iterable[tuple[str, str]],
    rows: Iterable[Mailbox],
    required: Requirements,
    run: MaintenanceRun,
    removals: PendingRemovals,
) -> Iterator[tuple[str, MailboxPlan]]:
    """Yield the id and the plan of each mailbox that needs something.

    Counts every mailbox in `run`, and adds those that leave to `removals`.
    """
    absent = ScopeStatus.OUTSIDE if run.is_scope_certain else ScopeStatus.UNKNOWN
    for stored, text in merge(scope, rows):
        repairs = timestamp_repairs(stored, required.now)
        run.repaired.update(repairs.keys())
        row = repaired(stored, repairs)
        run.count(row)
        status, why, kinds = _place(text, absent)
        plan = plan_mailbox(row, status, why, required, kinds)
        if plan.removal:
            plan = _plan_removal(row, plan, run, removals)
        if repairs:
            plan = replace(plan, columns={**repairs, **plan.columns})
        if plan.task or plan.columns:
            yield row.id, plan


def merge(scope: Iterable[tuple[str, str]], rows: Iterable[Mailbox]) -> Iterator[tuple[Mailbox, str | None]]:
    """Merge two lists that are in the order of ids.

    Yields each mailbox with its text in the scope (`SortedIdFile`). The text is None for a mailbox outside
    the scope.
    """
    entries, known = iter(scope), iter(rows)
    entry, row = next(entries, None), next(known, None)
    while entry or row:
        if row is None or (entry and entry[0] < row.id):
            assert entry
            yield Mailbox(id=entry[0]), entry[1]
            entry = next(entries, None)
        elif entry is None or row.id < entry[0]:
            yield row, None
            row = next(known, None)
        else:
            yield row, entry[1]
            entry, row = next(entries, None), next(known, None)


def _place(text: str | None, absent: ScopeStatus) -> tuple[ScopeStatus, str, Kinds]:
    """Return what a text in the scope means: the status, why it is unusable, and the kinds."""
    if text is None:
        return absent, "", USERS_ONLY
    if why := why_unusable(text):
        return ScopeStatus.UNUSABLE, why, USERS_ONLY
    return ScopeStatus.INSIDE, "", kinds_from(text)


def timestamp_repairs(row: Mailbox, now: datetime) -> Mapping[str, datetime | None]:
    """Return new values for the columns in which a wrong clock wrote a time far in the future."""
    # Without `watched_since`, a mailbox would count as never swept, however often it is swept.
    return {name: now if name == "watched_since" else None for name in sorted(row.future_columns)}


def repaired(row: Mailbox, repairs: Mapping[str, datetime | None]) -> Mailbox:
    """Return the row with its repairs."""
    columns: dict[str, Any] = dict(repairs)
    return replace(row, future_columns=frozenset(), **columns)


def _plan_removal(
    row: Mailbox, plan: MailboxPlan, run: MaintenanceRun, removals: PendingRemovals
) -> MailboxPlan:
    """Return what to do now for a mailbox that leaves: unsubscribe it if it is released, else wait."""
    assert plan.removal
    if not is_released(row, run.hold):
        removals.add([Removal(mailbox=row.id, reason=plan.removal, held=row.held)])
        return replace(plan, removal=None)
    if has_task(row, run.started):
        return MailboxPlan()
    return MailboxPlan(task=TaskKind.UNSUBSCRIBE, reason=plan.removal)
