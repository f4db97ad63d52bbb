"""What a mailbox needs, from its row, the scope and the clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.messages import TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox, MailboxState
from shared.worker.mailboxes.plans import Plan, Standing, Wanted, plan

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WANTED = Wanted(endpoint="here", sweep_every=6 * HOUR, now=NOW)


def row(**changes: object) -> Mailbox:
    """A mailbox in perfect order, with some columns changed."""
    columns: dict[str, object] = {
        "id": "ada",
        "state": MailboxState.ACTIVE,
        "subscription": "s1",
        "endpoint": "here",
        "expires": NOW + timedelta(days=5),
        "renew_at": NOW + timedelta(days=2),
        "watched_since": NOW - timedelta(days=9),
        "last_sweep": NOW - HOUR,
    }
    return Mailbox(**(columns | changes))  # type: ignore[arg-type]  # columns by name


@pytest.mark.parametrize(
    ("known", "task", "reason"),
    [
        pytest.param(Mailbox(id="ada"), TaskKind.SUBSCRIBE, TaskReason.NEW, id="a stranger"),
        pytest.param(row(state=MailboxState.REMOVED, subscription=""), TaskKind.SUBSCRIBE, TaskReason.NEW, id="back in scope"),
        pytest.param(row(subscription=""), TaskKind.SUBSCRIBE, TaskReason.GONE, id="its subscription was lost"),
        pytest.param(row(expires=NOW), TaskKind.SUBSCRIBE, TaskReason.GONE, id="its subscription has expired"),
        pytest.param(row(endpoint="there"), TaskKind.SUBSCRIBE, TaskReason.SETTINGS_CHANGED, id="another URL or key"),
        pytest.param(row(renew_at=NOW), TaskKind.RENEW, TaskReason.DUE, id="half of its life is over"),
        pytest.param(row(last_sweep=None), TaskKind.SWEEP, TaskReason.GAP, id="never swept"),
        pytest.param(row(watched_since=NOW), TaskKind.SWEEP, TaskReason.GAP, id="not swept since there was a gap"),
        pytest.param(row(last_sweep=NOW - 6 * HOUR), TaskKind.SWEEP, TaskReason.SCHEDULE, id="swept six hours ago"),
        pytest.param(row(state=MailboxState.FORBIDDEN, state_since=NOW - HOUR), TaskKind.SUBSCRIBE, TaskReason.PARKED, id="kept out for an hour"),
        pytest.param(row(state=MailboxState.FORBIDDEN, state_since=NOW), None, None, id="kept out just now"),
        pytest.param(row(state=MailboxState.UNUSABLE, state_since=NOW - 23 * HOUR), None, None, id="unusable since yesterday evening"),
        pytest.param(row(state=MailboxState.UNUSABLE, state_since=NOW - 24 * HOUR), TaskKind.SUBSCRIBE, TaskReason.PARKED, id="unusable for a day"),
        pytest.param(row(state=MailboxState.UNUSABLE, state_since=NOW, why="guest"), TaskKind.SUBSCRIBE, TaskReason.NEW, id="no guest any more"),
        pytest.param(row(asked_until=NOW + HOUR, subscription=""), None, None, id="asked for already"),
        pytest.param(row(), None, None, id="in order"),
    ],
)  # fmt: skip
def test_whoever_is_in_scope_is_watched(
    known: Mailbox, task: TaskKind | None, reason: TaskReason | None
) -> None:
    """One thing at a time, the most urgent first."""
    planned = plan(known, Standing.INSIDE, "", WANTED)

    assert (planned.task, planned.reason) == (task, reason)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param(row(), Plan(columns={"absent_since": NOW}), id="seen to be gone"),
        pytest.param(row(absent_since=NOW - timedelta(minutes=5)), Plan(), id="not sure yet"),
        pytest.param(row(absent_since=NOW - timedelta(minutes=15)), Plan(leaves=TaskReason.LEFT_SCOPE), id="two answers agree"),
        pytest.param(row(state=MailboxState.REMOVED, subscription=""), Plan(), id="let go long ago"),
    ],
)  # fmt: skip
def test_whoever_left_is_let_go_once_two_answers_agree(known: Mailbox, expected: Plan) -> None:
    assert plan(known, Standing.OUTSIDE, "", WANTED) == expected


def test_an_unknown_scope_changes_nobodys_standing() -> None:
    """Who is watched goes on being looked after, and nobody joins or leaves."""
    assert plan(row(renew_at=NOW), Standing.UNKNOWN, "", WANTED).task is TaskKind.RENEW
    for known in (
        Mailbox(id="ada"),
        row(state=MailboxState.REMOVED, subscription=""),
        row(state=MailboxState.UNUSABLE, why="guest", subscription=""),
    ):
        assert plan(known, Standing.UNKNOWN, "", WANTED) == Plan()


def test_who_comes_back_within_minutes_was_never_gone() -> None:
    """Graph's directory is now and then behind the truth."""
    assert plan(row(absent_since=NOW), Standing.INSIDE, "", WANTED) == Plan(columns={"absent_since": None})


def test_a_disabled_account_is_unsubscribed_and_parked() -> None:
    """First its subscription goes, then its row says why, then nothing more is done."""
    parked = row(subscription="", state=MailboxState.UNUSABLE, why="account_disabled")
    ended = plan(row(), Standing.UNUSABLE, "account_disabled", WANTED)
    noted = plan(row(subscription=""), Standing.UNUSABLE, "account_disabled", WANTED)

    assert ended == Plan(leaves=TaskReason.UNUSABLE)
    assert noted.columns["why"] == "account_disabled"
    assert plan(parked, Standing.UNUSABLE, "account_disabled", WANTED) == Plan()


def test_a_held_mailbox_keeps_its_subscription_alive_and_nothing_else() -> None:
    """It may be held for long; it is neither swept nor subscribed again."""
    held = row(held="h1", absent_since=NOW - HOUR)
    due = row(held="h1", absent_since=NOW - HOUR, renew_at=NOW)

    for standing, leaves in ((Standing.OUTSIDE, TaskReason.LEFT_SCOPE), (Standing.UNKNOWN, None)):
        renewed = Plan(task=TaskKind.RENEW, reason=TaskReason.DUE, leaves=leaves)
        assert plan(held, standing, "", WANTED) == Plan(leaves=leaves)
        assert plan(due, standing, "", WANTED) == renewed
        assert plan(replace(held, last_sweep=None), standing, "", WANTED) == Plan(leaves=leaves)
    assert plan(replace(due, asked_until=NOW + HOUR), Standing.OUTSIDE, "", WANTED) == Plan(
        leaves=TaskReason.LEFT_SCOPE
    )


def test_who_was_held_and_returns_is_swept() -> None:
    """Nothing was written to it meanwhile."""
    back = plan(row(held="h1", absent_since=NOW - HOUR), Standing.INSIDE, "", WANTED)

    assert (back.task, back.reason) == (TaskKind.SWEEP, TaskReason.GAP)
    assert back.columns == {"held": "", "absent_since": None, "watched_since": NOW}
