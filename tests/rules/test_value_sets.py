from math import inf

import pytest

from shared.rules.value_sets import FALSE, TRUE, Alternatives, Choices, Interval, ValueSet


def choices(*values: str) -> Choices:
    return Choices(frozenset(values))


def ways(*words: str) -> Alternatives:
    """Ways of which a longer word implies each word that it starts with."""
    return Alternatives(frozenset(words), implies=lambda way, other: str(way).startswith(str(other)))


SUBSETS = [
    pytest.param(Interval(2, 3), Interval(2, 3), True, id="an interval of itself"),
    pytest.param(Interval(2, 3), Interval(1, inf), True, id="an interval of a wider one"),
    pytest.param(Interval(2, 5), Interval(1, 4), False, id="intervals that overlap"),
    pytest.param(TRUE, TRUE, True, id="a flag of itself"),
    pytest.param(TRUE, FALSE, False, id="two flags"),
    pytest.param(choices("a"), choices("a", "b"), True, id="one of two choices"),
    pytest.param(choices("a", "b"), choices("a"), False, id="more choices"),
    pytest.param(ways("a"), ways("a", "b"), True, id="one of two ways"),
    pytest.param(ways("a", "b"), ways("a"), False, id="more ways"),
    pytest.param(ways("ab", "ac"), ways("a"), True, id="ways that imply another"),
    pytest.param(ways("ab", "b"), ways("a"), False, id="a way that implies nothing"),
    pytest.param(
        ways(*(f"a{n}" for n in range(200))), ways("a"), False, id="more ways than are compared: not certain"
    ),
    pytest.param(Interval(1, 1), TRUE, False, id="sets of different kinds"),
]


@pytest.mark.parametrize(("one", "other", "expected"), SUBSETS)
def test_a_subset_is_reported_only_if_it_is_certain(one: ValueSet, other: ValueSet, expected: bool) -> None:
    """The checks call rules unreachable because of it."""
    assert one.is_subset(other) is expected


INTERSECTIONS = [
    pytest.param(Interval(1, 3), Interval(2, 5), Interval(2, 3), id="intervals that overlap"),
    pytest.param(Interval(1, 2), Interval(2, 5), Interval(2, 2), id="intervals that touch"),
    pytest.param(Interval(1, 2), Interval(3, 5), None, id="intervals with a gap"),
    pytest.param(choices("a", "b"), choices("b", "c"), choices("b"), id="a common choice"),
    pytest.param(TRUE, FALSE, None, id="no common choice"),
    pytest.param(ways("a"), ways("b"), ways("a"), id="ways never exclude each other"),
    pytest.param(Interval(1, 1), TRUE, Interval(1, 1), id="sets of different kinds say nothing"),
]


@pytest.mark.parametrize(("one", "other", "expected"), INTERSECTIONS)
def test_an_intersection_is_empty_only_if_that_is_certain(
    one: ValueSet, other: ValueSet, expected: ValueSet | None
) -> None:
    """The checks call rules contradictory because of it."""
    result = one.intersection(other)

    if isinstance(expected, Alternatives):
        assert isinstance(result, Alternatives)
        assert result.ways == expected.ways
    else:
        assert result == expected
