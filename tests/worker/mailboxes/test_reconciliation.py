"""How the scope and the rows of the table are compared."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from shared.domain.messages import TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox, MailboxState
from shared.storage.removal_hold import RemovalHold
from shared.storage.sorted_id_file import SortedIdFile
from shared.worker.mailboxes.maintenance_run import MaintenanceRun
from shared.worker.mailboxes.plans import MailboxPlan, Requirements
from shared.worker.mailboxes.reconciliation import merge, plan_all, repaired, timestamp_repairs
from shared.worker.mailboxes.removals import PendingRemovals, Removal

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
IDS = st.lists(st.sampled_from("abcdefgh"), unique=True).map(sorted)


@pytest.mark.parametrize(
    ("scope", "rows", "expected"),
    [
        pytest.param([], "", [], id="nothing"),
        pytest.param([("a", ""), ("b", "guest")], "", [("a", ""), ("b", "guest")], id="no rows"),
        pytest.param([], "ab", [("a", None), ("b", None)], id="an empty scope"),
        pytest.param([("b", "")], "ac", [("a", None), ("b", ""), ("c", None)], id="different ids"),
        pytest.param([("a", ""), ("b", "guest")], "ab", [("a", ""), ("b", "guest")], id="equal ids"),
    ],
)
def test_scope_and_rows_become_one_list(
    scope: Sequence[tuple[str, str]], rows: str, expected: list[tuple[str, str | None]]
) -> None:
    merged = merge(scope, [Mailbox(id=one) for one in rows])

    assert [(row.id, why) for row, why in merged] == expected


@given(IDS, IDS)
def test_every_mailbox_appears_once_and_in_order(scope: list[str], rows: list[str]) -> None:
    merged = list(merge([(one, "") for one in scope], [Mailbox(id=one, why="row") for one in rows]))

    assert [row.id for row, _why in merged] == sorted({*scope, *rows})
    assert {row.id for row, why in merged if why is not None} == set(scope)
    assert {row.id for row, _why in merged if row.why} == set(rows)


def test_timestamps_in_the_future_are_cleared() -> None:
    """Except `watched_since`: without it, a mailbox would be swept endlessly."""
    row = Mailbox(id="ada", future_columns=frozenset({"watched_since", "asked_until"}))
    repairs = timestamp_repairs(row, NOW)

    assert repairs == {"asked_until": None, "watched_since": NOW}
    assert repaired(row, repairs) == Mailbox(id="ada", watched_since=NOW)


def watched(mailbox: str, held: str = "", asked_until: datetime | None = None) -> Mailbox:
    """A mailbox in perfect order that has been outside the scope for an hour."""
    return Mailbox(
        id=mailbox,
        state=MailboxState.ACTIVE,
        subscription="s",
        endpoint="here",
        expires=NOW + 9 * HOUR,
        renew_at=NOW + HOUR,
        watched_since=NOW - 9 * HOUR,
        last_sweep=NOW - HOUR,
        absent_since=NOW - HOUR,
        held=held,
        asked_until=asked_until,
    )


@pytest.mark.parametrize(
    ("row", "hold", "plans", "removals"),
    [
        pytest.param(watched("ada"), None, {}, [Removal(mailbox="ada", reason=TaskReason.LEFT_SCOPE)], id="it left"),
        pytest.param(watched("ada", "h1"), RemovalHold(id="h1", hash="x", number=1), {}, [Removal(mailbox="ada", reason=TaskReason.LEFT_SCOPE, held="h1")], id="it is held"),
        pytest.param(watched("ada", "h1"), RemovalHold(id="h1", hash="x", number=1, is_released=True), {"ada": MailboxPlan(task=TaskKind.UNSUBSCRIBE, reason=TaskReason.LEFT_SCOPE)}, [], id="its hold is released"),
        pytest.param(watched("ada", "h1", NOW + HOUR), RemovalHold(id="h1", hash="x", number=1, is_released=True), {}, [], id="a task is on its way"),
        pytest.param(watched("ada"), RemovalHold(id="h1", hash="x", number=1, is_released=True), {}, [Removal(mailbox="ada", reason=TaskReason.LEFT_SCOPE)], id="others were released"),
    ],
)  # fmt: skip
def test_a_mailbox_that_leaves_is_counted_before_it_is_unsubscribed(
    row: Mailbox, hold: RemovalHold | None, plans: dict[str, MailboxPlan], removals: list[Removal]
) -> None:
    run = MaintenanceRun("run", NOW, hold=hold)
    required = Requirements(endpoint="here", sweep_every=6 * HOUR, now=NOW)
    with SortedIdFile() as file:
        pending = PendingRemovals(file)
        found = dict(plan_all([], [row], required, run, pending))
        left = list(pending)

    assert (found, left) == (plans, removals)
    assert run.subscribed == run.coverage["watched"] == 1


def test_a_doubtful_scope_removes_no_mailbox() -> None:
    run = MaintenanceRun("run", NOW, doubts=("a group shows no members",))
    required = Requirements(endpoint="here", sweep_every=6 * HOUR, now=NOW)
    with SortedIdFile() as file:
        pending = PendingRemovals(file)
        plans = list(plan_all([], [watched("ada")], required, run, pending))

        assert (plans, len(pending)) == ([], 0)
