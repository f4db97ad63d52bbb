"""Which removals are held."""

import pytest

from shared.domain.messages import TaskReason
from shared.storage.mailboxes import Mailbox
from shared.storage.removal_hold import RemovalHold
from shared.storage.sorted_id_file import SortedIdFile
from shared.worker.mailboxes.removals import PendingRemovals, Removal, are_too_many, is_released


@pytest.mark.parametrize(
    ("removals", "subscribed", "expected"),
    [
        pytest.param(0, 0, False, id="none"),
        pytest.param(10, 10, False, id="all of a few"),
        pytest.param(11, 11, True, id="more than ten of few"),
        pytest.param(50, 1_000, False, id="5 % of many"),
        pytest.param(51, 1_000, True, id="more than 5 % of many"),
    ],
)
def test_more_than_ten_and_five_percent_are_too_many(
    removals: int, subscribed: int, *, expected: bool
) -> None:
    assert are_too_many(removals, subscribed) is expected


@pytest.mark.parametrize(
    ("held", "hold", "expected"),
    [
        pytest.param("", None, False, id="no hold"),
        pytest.param("h1", RemovalHold(id="h1", hash="x", number=1), False, id="held"),
        pytest.param("h1", RemovalHold(id="h1", hash="x", number=1, is_released=True), True, id="released"),
        pytest.param("", RemovalHold(id="h1", hash="x", number=1, is_released=True), False, id="never held"),
        pytest.param(
            "h0", RemovalHold(id="h1", hash="x", number=1, is_released=True), False, id="another hold"
        ),
    ],
)
def test_a_mailbox_is_released_with_its_own_hold(
    held: str, hold: RemovalHold | None, *, expected: bool
) -> None:
    assert is_released(Mailbox(id="ada", held=held), hold) is expected


def test_the_hash_identifies_the_set_of_mailboxes() -> None:
    """Not their order, nor why they leave or who holds them."""
    ada = Removal(mailbox="ada", reason=TaskReason.LEFT_SCOPE)
    bo = Removal(mailbox="bo", reason=TaskReason.UNUSABLE, held="h1")
    with SortedIdFile() as first, SortedIdFile() as second, SortedIdFile() as third:
        one, same, other = PendingRemovals(first), PendingRemovals(second), PendingRemovals(third)
        one.add([ada, bo])
        same.add([Removal(mailbox="bo", reason=TaskReason.LEFT_SCOPE), ada])
        other.add([ada])

        assert list(one) == [ada, bo]
        assert one.hash() == same.hash() != other.hash()
