"""What a mailbox needs, from its row, its place in the scope and the time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.mailbox import Kinds, MailboxKind
from shared.domain.messages import TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox, MailboxState
from shared.worker.mailboxes.plans import (
    PAUSE_SWEEPS_EVERY,
    MailboxPlan,
    Requirements,
    ScopeStatus,
    plan_mailbox,
    sweep_after_pause,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
REQUIRED = Requirements(endpoint="here", sweep_every=6 * HOUR, now=NOW)


def row(**changes: object) -> Mailbox:
    """A mailbox in perfect order, with some columns changed."""
    columns: dict[str, Any] = {
        "id": "ada",
        "state": MailboxState.ACTIVE,
        "subscription": "s1",
        "endpoint": "here",
        "expires": NOW + timedelta(days=5),
        "renew_at": NOW + timedelta(days=2),
        "watched_since": NOW - timedelta(days=9),
        "last_sweep": NOW - HOUR,
    }
    return Mailbox(**(columns | changes))


@pytest.mark.parametrize(
    ("known", "task", "reason"),
    [
        pytest.param(Mailbox(id="ada"), TaskKind.SUBSCRIBE, TaskReason.NEW, id="no row"),
        pytest.param(row(state=MailboxState.REMOVED, subscription=""), TaskKind.SUBSCRIBE, TaskReason.NEW, id="back in scope"),
        pytest.param(row(subscription=""), TaskKind.SUBSCRIBE, TaskReason.GONE, id="its subscription was lost"),
        pytest.param(row(expires=NOW), TaskKind.SUBSCRIBE, TaskReason.GONE, id="its subscription has expired"),
        pytest.param(row(endpoint="there"), TaskKind.SUBSCRIBE, TaskReason.SETTINGS_CHANGED, id="another URL or key"),
        pytest.param(row(renew_at=NOW), TaskKind.RENEW, TaskReason.DUE, id="half of its life has passed"),
        pytest.param(row(last_sweep=None), TaskKind.SWEEP, TaskReason.GAP, id="never swept"),
        pytest.param(row(watched_since=NOW), TaskKind.SWEEP, TaskReason.GAP, id="not swept since a gap"),
        pytest.param(row(missed_since=NOW - 7 * HOUR), TaskKind.SUBSCRIBE, TaskReason.QUIET, id="missed changes, and never a notification"),
        pytest.param(row(missed_since=NOW - 7 * HOUR, last_notification=NOW - 8 * HOUR), TaskKind.SUBSCRIBE, TaskReason.QUIET, id="missed changes, and no notification since"),
        pytest.param(row(missed_since=NOW - 7 * HOUR, last_notification=NOW - 6 * HOUR), None, None, id="missed changes, but notifications"),
        pytest.param(row(sweep_due=NOW), TaskKind.SWEEP, TaskReason.REAUTHORIZATION_REQUIRED, id="notifications paused"),
        pytest.param(row(sweep_due=NOW + HOUR), None, None, id="notifications paused again: not yet"),
        pytest.param(row(sweep_due=NOW - 2 * HOUR), None, None, id="swept since the pause"),
        pytest.param(row(last_sweep=NOW - 6 * HOUR), TaskKind.SWEEP, TaskReason.SCHEDULE, id="swept six hours ago"),
        pytest.param(row(state=MailboxState.FORBIDDEN, state_since=NOW - HOUR), TaskKind.SUBSCRIBE, TaskReason.PARKED, id="forbidden for an hour"),
        pytest.param(row(state=MailboxState.FORBIDDEN, state_since=NOW), None, None, id="forbidden just now"),
        pytest.param(row(state=MailboxState.UNUSABLE, state_since=NOW - 23 * HOUR), None, None, id="unusable since yesterday evening"),
        pytest.param(row(state=MailboxState.UNUSABLE, state_since=NOW - 24 * HOUR), TaskKind.SUBSCRIBE, TaskReason.PARKED, id="unusable for a day"),
        pytest.param(row(state=MailboxState.UNUSABLE, state_since=NOW, why="guest"), TaskKind.SUBSCRIBE, TaskReason.NEW, id="not a guest any more"),
        pytest.param(row(asked_until=NOW + HOUR, subscription=""), None, None, id="a task is on the queue"),
        pytest.param(row(), None, None, id="in order"),
    ],
)  # fmt: skip
def test_a_mailbox_in_scope_is_watched(
    known: Mailbox, task: TaskKind | None, reason: TaskReason | None
) -> None:
    """One task at a time, the most urgent first."""
    planned = plan_mailbox(known, ScopeStatus.INSIDE, "", REQUIRED)

    assert (planned.task, planned.reason) == (task, reason)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param(row(), MailboxPlan(columns={"absent_since": NOW}), id="absent for the first time"),
        pytest.param(row(absent_since=NOW - timedelta(minutes=5)), MailboxPlan(), id="absent for a short time"),
        pytest.param(row(absent_since=NOW - timedelta(minutes=15)), MailboxPlan(removal=TaskReason.LEFT_SCOPE), id="two answers agree"),
        pytest.param(row(state=MailboxState.REMOVED, subscription=""), MailboxPlan(), id="removed long ago"),
    ],
)  # fmt: skip
def test_a_mailbox_is_removed_once_two_answers_agree_that_it_left(
    known: Mailbox, expected: MailboxPlan
) -> None:
    assert plan_mailbox(known, ScopeStatus.OUTSIDE, "", REQUIRED) == expected


def test_an_unknown_scope_adds_and_removes_no_mailbox() -> None:
    """Renewals and sweeps of watched mailboxes continue."""
    assert plan_mailbox(row(renew_at=NOW), ScopeStatus.UNKNOWN, "", REQUIRED).task is TaskKind.RENEW
    for known in (
        Mailbox(id="ada"),
        row(state=MailboxState.REMOVED, subscription=""),
        row(state=MailboxState.UNUSABLE, why="guest", subscription=""),
    ):
        assert plan_mailbox(known, ScopeStatus.UNKNOWN, "", REQUIRED) == MailboxPlan()


def test_a_mailbox_that_returns_within_minutes_never_left() -> None:
    """Answers of the directory are sometimes outdated."""
    assert plan_mailbox(row(absent_since=NOW), ScopeStatus.INSIDE, "", REQUIRED) == MailboxPlan(
        columns={"absent_since": None}
    )


def test_a_disabled_account_is_unsubscribed_and_marked_unusable() -> None:
    """First its subscription ends, then its row gets the reason, then nothing is left to do."""
    unusable = row(subscription="", state=MailboxState.UNUSABLE, why="account_disabled")
    ended = plan_mailbox(row(), ScopeStatus.UNUSABLE, "account_disabled", REQUIRED)
    marked = plan_mailbox(row(subscription=""), ScopeStatus.UNUSABLE, "account_disabled", REQUIRED)

    assert ended == MailboxPlan(removal=TaskReason.UNUSABLE)
    assert marked.columns["why"] == "account_disabled"
    assert plan_mailbox(unusable, ScopeStatus.UNUSABLE, "account_disabled", REQUIRED) == MailboxPlan()


USERS, SHARED = frozenset({MailboxKind.USER}), frozenset({MailboxKind.SHARED})
SUBSCRIBE_PARKED = MailboxPlan(task=TaskKind.SUBSCRIBE, reason=TaskReason.PARKED)
READ_PURPOSE = MailboxPlan(task=TaskKind.RENEW, reason=TaskReason.DUE)
PARKED = row(subscription="", state=MailboxState.UNUSABLE, why="kind_not_in_scope", purpose="shared")
CHANGED = row(purpose="shared", absent_since=NOW - HOUR)


@pytest.mark.parametrize(
    ("known", "kinds", "expected"),
    [
        pytest.param(Mailbox(id="ada"), USERS, MailboxPlan(task=TaskKind.SUBSCRIBE, reason=TaskReason.NEW), id="an unknown purpose counts as a user's"),
        pytest.param(Mailbox(id="ada"), SHARED, MailboxPlan(task=TaskKind.SUBSCRIBE, reason=TaskReason.NEW, columns={"kinds": "shared"}), id="a new disabled account"),
        pytest.param(replace(PARKED, state_since=NOW - HOUR), USERS, MailboxPlan(), id="read today"),
        pytest.param(replace(PARKED, state_since=NOW - 24 * HOUR), USERS, SUBSCRIBE_PARKED, id="read yesterday"),
        pytest.param(replace(PARKED, state_since=NOW, kinds="shared"), SHARED, MailboxPlan(task=TaskKind.SUBSCRIBE, reason=TaskReason.NEW), id="the rules include it now"),
        pytest.param(replace(PARKED, state_since=NOW, why="account_disabled", purpose="", kinds="shared"), SHARED, SUBSCRIBE_PARKED, id="the rules include disabled accounts now"),
        pytest.param(row(purpose="shared"), USERS, replace(READ_PURPOSE, columns={"absent_since": NOW}), id="another purpose: read it again"),
        pytest.param(row(purpose="room"), USERS | SHARED, replace(READ_PURPOSE, columns={"absent_since": NOW, "kinds": "shared user"}), id="a room, whatever the rules include"),
        pytest.param(row(purpose="shared", asked_until=NOW + HOUR), USERS, MailboxPlan(columns={"absent_since": NOW}), id="a task may read it"),
        pytest.param(replace(CHANGED, purpose_read=NOW - 2 * HOUR), USERS, READ_PURPOSE, id="not read again yet"),
        pytest.param(replace(CHANGED, purpose_read=NOW - HOUR), USERS, MailboxPlan(removal=TaskReason.UNUSABLE), id="read again, and the same"),
        pytest.param(replace(CHANGED, absent_since=NOW - 24 * HOUR), USERS, MailboxPlan(removal=TaskReason.UNUSABLE), id="not readable for a day"),
        pytest.param(replace(CHANGED, subscription="", state=MailboxState.UNUSABLE, why="unusable"), USERS, MailboxPlan(columns={"why": "kind_not_in_scope", "state_since": NOW, "absent_since": None}), id="just unsubscribed"),
        pytest.param(replace(CHANGED, purpose="user"), USERS, MailboxPlan(columns={"absent_since": None}), id="it was a mistake"),
    ],
)  # fmt: skip
def test_a_mailbox_is_watched_only_if_it_is_of_the_right_kind(
    known: Mailbox, kinds: Kinds, expected: MailboxPlan
) -> None:
    """A watched one is removed with all others that leave, and only if its purpose was read again."""
    assert plan_mailbox(known, ScopeStatus.INSIDE, "", REQUIRED, kinds) == expected


def test_a_held_mailbox_is_renewed_and_nothing_else() -> None:
    """It is neither swept nor resubscribed."""
    held = row(held="h1", absent_since=NOW - HOUR)
    due = row(held="h1", absent_since=NOW - HOUR, renew_at=NOW)

    for status, removal in ((ScopeStatus.OUTSIDE, TaskReason.LEFT_SCOPE), (ScopeStatus.UNKNOWN, None)):
        renewed = MailboxPlan(task=TaskKind.RENEW, reason=TaskReason.DUE, removal=removal)
        assert plan_mailbox(held, status, "", REQUIRED) == MailboxPlan(removal=removal)
        assert plan_mailbox(due, status, "", REQUIRED) == renewed
        assert plan_mailbox(replace(held, last_sweep=None), status, "", REQUIRED) == MailboxPlan(
            removal=removal
        )
    assert plan_mailbox(
        replace(due, asked_until=NOW + HOUR), ScopeStatus.OUTSIDE, "", REQUIRED
    ) == MailboxPlan(removal=TaskReason.LEFT_SCOPE)


def test_a_held_mailbox_that_returns_is_swept() -> None:
    """Joinlink wrote nothing to it meanwhile."""
    back = plan_mailbox(row(held="h1", absent_since=NOW - HOUR), ScopeStatus.INSIDE, "", REQUIRED)

    assert (back.task, back.reason) == (TaskKind.SWEEP, TaskReason.GAP)
    assert back.columns == {"held": "", "absent_since": None, "watched_since": NOW}


@pytest.mark.parametrize(
    ("known", "due"),
    [
        pytest.param(row(), NOW, id="the first pause"),
        pytest.param(row(sweep_due=NOW - 6 * HOUR), NOW, id="six hours after the last"),
        pytest.param(row(sweep_due=NOW - 2 * HOUR, last_sweep=NOW - HOUR), NOW + 4 * HOUR, id="again, and swept since: later"),
        pytest.param(row(sweep_due=NOW - HOUR, last_sweep=NOW - 2 * HOUR), NOW - HOUR, id="again, before the sweep: the sweep covers it"),
        pytest.param(row(sweep_due=NOW + HOUR, last_sweep=NOW - 2 * HOUR), NOW + HOUR, id="again, and planned already"),
    ],
)  # fmt: skip
def test_the_sweep_after_a_pause_of_notifications(known: Mailbox, due: datetime) -> None:
    """Every pause is followed by a sweep, and no two of these sweeps fall due within six hours."""
    assert sweep_after_pause(known, NOW) == due
    assert known.sweep_due is None or due == known.sweep_due or due - known.sweep_due >= PAUSE_SWEEPS_EVERY
