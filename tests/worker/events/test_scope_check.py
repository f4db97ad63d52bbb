from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.azurite import Azurite
from shared.domain.messages import EventChange, Source
from shared.rules.policy import Policy
from shared.settings import StorageSettings
from shared.storage.mailboxes import Mailboxes, MailboxState
from shared.storage.tables import Table
from shared.worker.events.scope_check import ScopeCheck

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
POLICY = Policy(rules=(), hash="0")


@pytest.fixture
def mailboxes(azurite: Azurite, unique: Callable[[str], str]) -> Iterator[Mailboxes]:
    table = Table.connect(unique("t"), StorageSettings(connection_string=azurite.connection_string), None)
    yield Mailboxes(table, lambda: NOW)
    table.close()


def change(received: datetime = NOW) -> EventChange:
    return EventChange(mailbox="m", event="e", source=Source.NOTIFICATION, received=received, trace="t")


@pytest.mark.parametrize("minutes", [-1, 0, 1, 60 * 24 * 30])
def test_no_notification_comes_from_the_future(mailboxes: Mailboxes, minutes: int) -> None:
    """If the webhook's clock is ahead, the row gets the worker's time."""
    received = NOW + timedelta(minutes=minutes)
    assert ScopeCheck(mailboxes).is_in_scope(change(received), POLICY, NOW)

    assert mailboxes.read("m").last_notification == min(received, NOW)


def test_an_old_message_of_a_mailbox_without_a_row_is_not_replayed(mailboxes: Mailboxes) -> None:
    """The mailbox left long ago: its row was deleted. A notification proves that it is watched."""
    replayed = replace(change(), source=Source.REPLAY)
    before = ScopeCheck(mailboxes).is_in_scope(replayed, POLICY, NOW)
    notified = ScopeCheck(mailboxes).is_in_scope(change(), POLICY, NOW)

    assert (before, notified) == (False, True)
    assert ScopeCheck(mailboxes).is_in_scope(replayed, POLICY, NOW)


def test_a_clock_set_back_does_not_extend_the_hour(mailboxes: Mailboxes) -> None:
    """A check that seems to be in the future does not count."""
    scope = ScopeCheck(mailboxes)
    assert scope.is_in_scope(change(), POLICY, NOW + timedelta(days=30))
    mailboxes.set_state("m", MailboxState.REMOVED, why="left", at=NOW)

    assert not scope.is_in_scope(change(), POLICY, NOW)


def test_a_mailbox_that_left_is_written_to_for_less_than_a_minute(mailboxes: Mailboxes) -> None:
    """That another process removed it counts after a minute, and a return counts at once."""
    scope, other = ScopeCheck(mailboxes), Mailboxes(mailboxes._table, lambda: NOW)
    first = scope.is_out_of_scope("m", NOW)
    other.set_state("m", MailboxState.REMOVED, why="left", at=NOW)
    times = (NOW + timedelta(seconds=59), NOW + timedelta(minutes=1), NOW - timedelta(seconds=1))
    after = [scope.is_out_of_scope("m", now) for now in times]
    other.set_state("m", MailboxState.ACTIVE, why="", at=NOW)

    assert (first, after) == (False, [False, True, True])
    assert not scope.is_out_of_scope("m", NOW + timedelta(minutes=1))


def test_a_mailbox_that_this_process_removed_is_not_written_to(mailboxes: Mailboxes) -> None:
    """Not even within the minute."""
    scope = ScopeCheck(mailboxes)
    assert not scope.is_out_of_scope("m", NOW)
    mailboxes.set_state("m", MailboxState.REMOVED, why="left", at=NOW)

    assert scope.is_out_of_scope("m", NOW)
