import pytest

from shared.worker.events.recent_keys import RecentKeys


@pytest.mark.parametrize(
    ("keys", "kept"),
    [
        pytest.param("", "", id="none"),
        pytest.param("abc", "abc", id="as many as the limit"),
        pytest.param("abcd", "bcd", id="one too many: the first is dropped"),
        pytest.param("abcad", "cad", id="a key that is set again is the most recent"),
        pytest.param("abcdefg", "efg", id="many too many"),
        pytest.param("aaaaa", "a", id="one key again and again"),
    ],
)
def test_the_keys_set_longest_ago_are_dropped(keys: str, kept: str) -> None:
    """So memory stays bounded, and what is dropped matters least."""
    recent: RecentKeys[str, int] = RecentKeys(3)
    for number, key in enumerate(keys):
        recent.set(key, number)

    assert {key: recent.get(key) for key in keys if recent.get(key) is not None} == {
        key: keys.rindex(key) for key in kept
    }


def test_reading_a_key_does_not_make_it_recent() -> None:
    """A key that is only read says nothing new, so it does not displace one that was set later."""
    recent: RecentKeys[str, int] = RecentKeys(2)
    recent.set("a", 1)
    recent.set("b", 2)
    recent.get("a")
    recent.set("c", 3)

    assert [recent.get("a"), recent.get("b")] == [None, 2]


def test_a_removed_key_leaves_room() -> None:
    """Removing returns the value once, so that only one thread acts on it."""
    recent: RecentKeys[str, int] = RecentKeys(2)
    recent.set("a", 1)
    recent.set("b", 2)

    assert [recent.pop("a"), recent.pop("a")] == [1, None]
    recent.set("c", 3)
    assert [recent.get("b"), recent.get("c")] == [2, 3]
