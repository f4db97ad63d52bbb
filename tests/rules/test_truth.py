from collections.abc import Iterable

import pytest

from shared.rules.truth import Truth, all_hold, any_holds, negation


@pytest.mark.parametrize(
    ("truths", "all_of_them", "any_of_them"),
    [
        pytest.param((), True, False, id="none"),
        pytest.param((True, True), True, True, id="all hold"),
        pytest.param((True, False), False, True, id="one fails"),
        pytest.param((None, False), False, None, id="one fails, one is unknown"),
        pytest.param((None, True), None, True, id="one holds, one is unknown"),
        pytest.param((None, None), None, None, id="all are unknown"),
    ],
)
def test_unknown_stays_unknown_only_where_it_matters(
    truths: tuple[Truth, ...], all_of_them: Truth, any_of_them: Truth
) -> None:
    """Kleene's tables."""
    assert all_hold(truths) is all_of_them
    assert any_holds(truths) is any_of_them
    assert negation(all_hold(map(negation, truths))) is any_of_them


def test_what_decides_ends_the_evaluation() -> None:
    """Conditions after it are not tested."""

    def truths(first: Truth) -> Iterable[Truth]:
        yield first
        pytest.fail("the second one was evaluated")

    assert all_hold(truths(False)) is False
    assert any_holds(truths(True)) is True
