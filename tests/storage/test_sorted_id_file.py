from random import Random

from shared.storage.sorted_id_file import SortedIdFile


def test_ids_are_sorted_and_unique() -> None:
    """Graph's pages have no order, and a user in two groups comes twice."""
    ids = [f"{n:08x}" for n in range(3_000)]
    shuffled = ids + ids[:500]
    Random(7).shuffle(shuffled)  # noqa: S311 -- repeatable disorder
    with SortedIdFile() as scope:
        scope.add((one, "") for one in shuffled)
        assert list(scope) == [(one, "") for one in ids]
        assert len(scope) == 3_000


def test_ids_can_be_removed() -> None:
    """To remove an unknown id is not an error."""
    with SortedIdFile() as scope:
        scope.add([("ada", ""), ("bo", "guest")])
        scope.remove(["ada", "nobody"])
        assert list(scope) == [("bo", "guest")]
        scope.clear()
        assert len(scope) == 0
