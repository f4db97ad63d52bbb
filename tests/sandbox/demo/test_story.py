import pytest

from sandbox.demo.scenes import Ending
from sandbox.demo.story import story
from tests.sandbox.demo.record import ADDED, BUSY, COPY, ONLINE, line

REMOVED, NO_RULE = ("skipped", "removed_by_user"), ("skipped", "no_rule_matched")
NOT_ORGANIZER, AWAITING = ("skipped", "not_organizer"), ("delayed", "awaiting_join_link")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param([], (), id="nothing was heard"),
        pytest.param([BUSY, ADDED, COPY, ONLINE, COPY], (ADDED,), id="copies and the echo of our write"),
        pytest.param([ONLINE, COPY, ONLINE], (ONLINE,), id="online from the start is no echo"),
        pytest.param([NOT_ORGANIZER, ONLINE], (NOT_ORGANIZER,), id="the echo in an attendee's copy"),
        pytest.param([NO_RULE, NO_RULE], (NO_RULE,), id="two looks that say the same"),
        pytest.param([ADDED, ONLINE, REMOVED], (ADDED, REMOVED), id="a person takes the link away"),
        pytest.param([AWAITING, ("enabled", "link_confirmed")], (("enabled", "link_confirmed"),), id="a link that is late"),
        pytest.param([ADDED, REMOVED, ADDED], (ADDED, REMOVED, ADDED), id="what must never happen shows"),
    ],
)  # fmt: skip
def test_a_story_has_neither_waits_nor_copies_nor_echoes(
    told: list[Ending], expected: tuple[Ending, ...]
) -> None:
    """However often Graph repeats itself, an event's story is what an admin would tell."""
    assert story([line(one) for one in told]) == expected
