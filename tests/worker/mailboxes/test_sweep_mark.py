from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from shared.domain.messages import MailboxTask, TaskKind, TaskReason
from shared.worker.mailboxes.sweep_mark import SweepMark

START = datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_a_mark_comes_back_as_it_was() -> None:
    """In its message, with what the parts before have found."""
    mark = SweepMark(
        start=START, page="$skip=100&a=%22b%22", pages=3, events=300, queued=2, unreadable=1, again=1
    )
    task = MailboxTask(
        mailbox="m", task=TaskKind.SWEEP, reason=TaskReason.SCHEDULE, trace="t", mark=mark.encode()
    )

    assert SweepMark.decode(MailboxTask.decode(task.encode()).mark) == mark


@pytest.mark.parametrize(
    "text",
    [
        "", "7", "[]", "null", '{"start":"2026-11-23T08:00:00"}', '{"start":"2026-11-23T08:00:00","page":""}',
        '{"start":"2026-11-23T08:00:00Z","page":7}', '{"start":"2026-11-23T08:00:00Z","page":"","pages":-1}',
        '{"start":"2026-11-23T08:00:00Z","page":"","events":true}', "[" * 100_000,
    ],
)  # fmt: skip
def test_a_mark_that_is_none_of_ours_begins_at_the_beginning(text: str) -> None:
    """Whoever wrote it."""
    assert SweepMark.decode(text) is None


@given(st.text())
def test_any_text_is_a_mark_or_none(text: str) -> None:
    """Never an error."""
    assert SweepMark.decode(text) is None
