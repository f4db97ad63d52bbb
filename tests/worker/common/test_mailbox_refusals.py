"""What a refusal means for its mailbox. A single doubtful answer never changes its state."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.azurite import Azurite
from shared.errors import (
    Forbidden,
    GraphError,
    GraphUnavailable,
    MailboxFull,
    MailboxUnusable,
    SecondLook,
    SubscriptionLimit,
)
from shared.settings import StorageSettings
from shared.storage.mailboxes import Mailboxes, MailboxState
from shared.storage.tables import Table
from shared.worker.common.mailbox_refusals import is_certain, record_refusal

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ADA = "aaaaaaaa-0000-4000-8000-000000000001"
BARE = Forbidden("c", status=403)
DENIED = Forbidden("c", status=403, code="ErrorAccessDenied")
STRAY = MailboxUnusable("c", status=404, code="ErrorItemNotFound")
UNLICENSED = MailboxUnusable("c", status=404, code="MailboxNotEnabledForRESTAPI")


@pytest.fixture
def mailboxes(azurite: Azurite, unique: Callable[[str], str]) -> Iterator[Mailboxes]:
    """An empty table."""
    storage = StorageSettings(connection_string=azurite.connection_string)
    table = Table.connect(unique("mailboxes"), storage, None)
    yield Mailboxes(table, lambda: NOW + timedelta(days=1))
    table.close()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(UNLICENSED, True, id="a mailbox that Graph does not serve"),
        pytest.param(DENIED, True, id="a missing permission"),
        pytest.param(Forbidden("c", status=403, code="Authorization_RequestDenied"), True, id="denied by the directory"),
        pytest.param(BARE, False, id="403 without a code"),
        pytest.param(STRAY, False, id="404 about an item"),
        pytest.param(MailboxUnusable("c", status=404, code="ResourceNotFound"), False, id="404 about a user, perhaps too new"),
    ],
)  # fmt: skip
def test_only_a_code_makes_a_refusal_certain(error: GraphError, expected: bool) -> None:
    assert is_certain(error) is expected


@pytest.mark.parametrize("by_task", [False, True])
@pytest.mark.parametrize("error", [BARE, STRAY])
def test_a_doubtful_answer_must_be_confirmed_after_five_minutes(
    mailboxes: Mailboxes, error: GraphError, by_task: bool
) -> None:
    """The first is recorded as a suspicion, and further ones within five minutes change nothing."""
    returned = [
        record_refusal(error, ADA, mailboxes, NOW + minutes * MINUTE, by_task=by_task)
        for minutes in (0, 1, 4)
    ]
    before = mailboxes.read(ADA).state
    last = record_refusal(error, ADA, mailboxes, NOW + 5 * MINUTE, by_task=by_task)
    row = mailboxes.read(ADA)

    assert [type(one) for one in returned] == [SecondLook] * 3
    assert before is None
    assert last is error
    assert row.state in {MailboxState.FORBIDDEN, MailboxState.UNUSABLE}
    assert (row.suspected_as, row.suspected_since) == ("", None)


def test_a_suspicion_expires(mailboxes: Mailboxes) -> None:
    """A second answer after two hours counts as the first again, and so does one that says something else."""
    at = [timedelta(0), timedelta(hours=2), timedelta(hours=2, minutes=6)]
    returned = [
        record_refusal(error, ADA, mailboxes, NOW + wait, by_task=False)
        for error, wait in zip([BARE, BARE, STRAY], at, strict=True)
    ]

    assert [type(one) for one in returned] == [SecondLook] * 3
    assert mailboxes.read(ADA).state is None


def test_a_certain_refusal_changes_the_state_at_once(mailboxes: Mailboxes) -> None:
    """The row has Graph's code as the reason."""
    assert record_refusal(UNLICENSED, ADA, mailboxes, NOW, by_task=False) is UNLICENSED
    row = mailboxes.read(ADA)

    assert (row.state, row.why) == (MailboxState.UNUSABLE, "MailboxNotEnabledForRESTAPI")


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(MailboxFull("c", status=403, code="ErrorQuotaExceeded"), id="full"),
        pytest.param(SubscriptionLimit("c", status=403), id="too many subscriptions"),
        pytest.param(GraphUnavailable("c", status=403), id="a proxy's 403"),
    ],
)
def test_temporary_errors_say_nothing_about_the_mailbox(mailboxes: Mailboxes, error: GraphError) -> None:
    """The mailbox stays watched."""
    assert record_refusal(error, ADA, mailboxes, NOW, by_task=True) is error
    assert mailboxes.read(ADA).state is None
    assert mailboxes.read(ADA).suspected_as == ""


def test_an_event_does_not_change_a_mailbox_that_left_the_scope(mailboxes: Mailboxes) -> None:
    """A change that was queued before gets a 403: the mailbox stays removed, so it is not tried again."""
    mailboxes.set_state(ADA, MailboxState.REMOVED, why="left_scope", at=NOW)

    assert record_refusal(DENIED, ADA, mailboxes, NOW, by_task=False) is DENIED
    assert mailboxes.read(ADA).state is MailboxState.REMOVED


def test_mixed_refusals_confirm_each_other(mailboxes: Mailboxes) -> None:
    """If Graph alternates between 403 and 404, the mailbox is not read every five minutes forever."""
    turns = [BARE, STRAY, BARE, STRAY]
    returned = [
        record_refusal(error, ADA, mailboxes, NOW + n * 6 * MINUTE, by_task=True)
        for n, error in enumerate(turns)
    ]

    assert [isinstance(one, SecondLook) for one in returned] == [True, True, True, False]
    assert mailboxes.read(ADA).state is not None
