"""Sixteen mailboxes are read concurrently, and a stop is quick and clean."""

from datetime import timedelta
from itertools import count
from threading import Barrier, active_count

import pytest

from shared.desk.preview.parallel_reading import READERS, StopSignal, read_all
from shared.desk.preview.preview_scope import ScopeEntry
from shared.desk.preview.previewed import PreviewedMailbox, ReadStatus

#: much longer than any machine stands still; only a bug makes the test wait for it
PATIENCE_SECONDS = 300


def entry(number: int) -> ScopeEntry:
    return ScopeEntry(f"id-{number}", ("",))


def read(one: ScopeEntry) -> PreviewedMailbox:
    return PreviewedMailbox(mailbox=one.mailbox, status=ReadStatus.READ)


def test_sixteen_mailboxes_are_read_concurrently() -> None:
    """Each waits for the fifteen others, or this would never end."""
    together = Barrier(READERS)

    def read_together(one: ScopeEntry) -> PreviewedMailbox:
        together.wait(PATIENCE_SECONDS)
        return read(one)

    found = list(read_all(map(entry, range(READERS * 2)), read_together, StopSignal()))

    assert READERS == 16
    assert {each.mailbox for each in found} == {f"id-{number}" for number in range(READERS * 2)}


def test_a_stop_ends_waiting_threads_and_reads_no_further() -> None:
    """Graph may have asked a thread to wait for minutes."""
    signal, begun = StopSignal(), count()

    def read_or_wait(one: ScopeEntry) -> PreviewedMailbox:
        if next(begun):
            signal.wait(timedelta(seconds=PATIENCE_SECONDS))
        return read(one)

    before = active_count()
    mailboxes = read_all(map(entry, count()), read_or_wait, signal)
    next(mailboxes)
    mailboxes.close()

    assert active_count() == before
    assert next(begun) <= READERS * 2


def test_an_error_that_concerns_all_mailboxes_ends_the_reading() -> None:
    """For example a token that is refused."""

    def fail(one: ScopeEntry) -> PreviewedMailbox:
        raise LookupError(one.mailbox)

    with pytest.raises(LookupError):
        list(read_all(map(entry, range(40)), fail, StopSignal()))
