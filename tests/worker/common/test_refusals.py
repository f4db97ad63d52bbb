"""What a refusal says of its mailbox: one stray answer condemns nobody."""

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
from shared.worker.common.refusals import leaves_no_doubt, note_refusal

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ADA = "aaaaaaaa-0000-4000-8000-000000000001"
BARE = Forbidden("c", status=403)
DENIED = Forbidden("c", status=403, code="ErrorAccessDenied")
STRAY = MailboxUnusable("c", status=404, code="ErrorItemNotFound")
UNLICENSED = MailboxUnusable("c", status=404, code="MailboxNotEnabledForRESTAPI")


@pytest.fixture
def mailboxes(azurite: Azurite, unique: Callable[[str], str]) -> Iterator[Mailboxes]:
    """The table, empty."""
    storage = StorageSettings(connection_string=azurite.connection_string)
    table = Table.connect(unique("mailboxes"), storage, None)
    yield Mailboxes(table, lambda: NOW + timedelta(days=1))
    table.close()


@pytest.mark.parametrize(
    ("error", "is_sure"),
    [
        pytest.param(UNLICENSED, True, id="a mailbox without REST"),
        pytest.param(DENIED, True, id="a permission"),
        pytest.param(Forbidden("c", status=403, code="Authorization_RequestDenied"), True, id="the directory"),
        pytest.param(BARE, False, id="a bare 403"),
        pytest.param(STRAY, False, id="a 404 that is about an item"),
        pytest.param(MailboxUnusable("c", status=404, code="ResourceNotFound"), False, id="a user not known yet"),
    ],
)  # fmt: skip
def test_only_a_telling_code_leaves_no_doubt(error: GraphError, is_sure: bool) -> None:
    assert leaves_no_doubt(error) is is_sure


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("error", [BARE, STRAY])
def test_a_doubtful_answer_needs_a_second_some_minutes_later(
    mailboxes: Mailboxes, error: GraphError, anew: bool
) -> None:
    """One notes a suspicion, more of them at once are one, and the same five minutes later decides."""
    told = [note_refusal(error, ADA, mailboxes, NOW + minutes * MINUTE, anew=anew) for minutes in (0, 1, 4)]
    before = mailboxes.read(ADA).state
    last = note_refusal(error, ADA, mailboxes, NOW + 5 * MINUTE, anew=anew)
    row = mailboxes.read(ADA)

    assert [type(one) for one in told] == [SecondLook] * 3
    assert before is None
    assert last is error
    assert row.state in {MailboxState.FORBIDDEN, MailboxState.UNUSABLE}
    assert (row.suspected_as, row.suspected_since) == ("", None)


def test_a_suspicion_grows_old(mailboxes: Mailboxes) -> None:
    """Two stray answers of one day are two first ones; so are two that say different things."""
    at = [timedelta(0), timedelta(hours=2), timedelta(hours=2, minutes=6)]
    told = [
        note_refusal(error, ADA, mailboxes, NOW + wait, anew=False)
        for error, wait in zip([BARE, BARE, STRAY], at, strict=True)
    ]

    assert [type(one) for one in told] == [SecondLook] * 3
    assert mailboxes.read(ADA).state is None


def test_a_telling_code_marks_at_once(mailboxes: Mailboxes) -> None:
    """With Graph's code as the reason."""
    assert note_refusal(UNLICENSED, ADA, mailboxes, NOW, anew=False) is UNLICENSED
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
def test_what_passes_says_nothing_of_the_mailbox(mailboxes: Mailboxes, error: GraphError) -> None:
    """It goes on being watched."""
    assert note_refusal(error, ADA, mailboxes, NOW, anew=True) is error
    assert mailboxes.read(ADA).state is None
    assert mailboxes.read(ADA).suspected_as == ""


def test_an_event_does_not_bring_back_a_mailbox_that_was_let_go(mailboxes: Mailboxes) -> None:
    """A change that was queued before meets a 403; the mailbox stays removed, and is not tried again for it."""
    mailboxes.set_state(ADA, MailboxState.REMOVED, why="left_scope", at=NOW)

    assert note_refusal(DENIED, ADA, mailboxes, NOW, anew=False) is DENIED
    assert mailboxes.read(ADA).state is MailboxState.REMOVED


def test_refusals_of_two_kinds_agree_that_a_mailbox_is_shut(mailboxes: Mailboxes) -> None:
    """Graph that says 403 and 404 in turns is not asked every five minutes for ever."""
    turns = [BARE, STRAY, BARE, STRAY]
    told = [
        note_refusal(error, ADA, mailboxes, NOW + n * 6 * MINUTE, anew=True) for n, error in enumerate(turns)
    ]

    assert [isinstance(one, SecondLook) for one in told] == [True, True, True, False]
    assert mailboxes.read(ADA).state is not None
