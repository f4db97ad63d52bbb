"""The progress of a sweep, as a message passes it to the next."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from shared.domain.messages import MailboxTask, TaskKind, TaskReason
from shared.worker.mailboxes.sweep_progress import SweepProgress

START = datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_a_message_returns_the_same_progress() -> None:
    """With the totals of the messages before."""
    progress = SweepProgress(
        start=START, page="$skip=100&a=%22b%22", pages=3, events=300, queued=2, unreadable=1, again=1
    )
    task = MailboxTask(
        mailbox="aaaaaaaa-0000-4000-8000-000000000001",
        task=TaskKind.SWEEP,
        reason=TaskReason.SCHEDULE,
        trace="t",
        mark=progress.encode(),
    )

    assert SweepProgress.decode(MailboxTask.decode(task.encode()).mark) == progress


@pytest.mark.parametrize(
    "text",
    [
        "", "7", "[]", "null", '{"start":"2026-11-23T08:00:00"}', '{"start":"2026-11-23T08:00:00","page":""}',
        '{"start":"2026-11-23T08:00:00Z","page":7}', '{"start":"2026-11-23T08:00:00Z","page":"","pages":-1}',
        '{"start":"2026-11-23T08:00:00Z","page":"","events":true}', "[" * 100_000,
    ],
)  # fmt: skip
def test_a_text_that_is_not_a_progress_starts_the_sweep_over(text: str) -> None:
    assert SweepProgress.decode(text) is None


@given(st.text())
def test_no_text_raises_an_error(text: str) -> None:
    assert SweepProgress.decode(text) is None
