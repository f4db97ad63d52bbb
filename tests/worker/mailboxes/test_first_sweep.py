from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from shared.domain.position import Position
from shared.rules.conditions import all_of
from shared.rules.policy import Rule
from shared.storage.known_calendars import KnownCalendar
from shared.worker.mailboxes.first_sweep import SLOTS_OF_PART, FirstSweepPace, after_begin, after_end

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RULE = Rule(id="external", when=all_of((), Position(1, 1)))


def pace(left: int | None = None, used: int = 0) -> FirstSweepPace:
    return FirstSweepPace(lambda _rule: left, used)


@pytest.mark.parametrize("mails", [0, 1, 20, 21, 45, 500])
def test_no_minute_mails_more_than_twenty_attendees(mails: int) -> None:
    """A meeting with more has the minutes that follow for itself."""
    one = pace()
    waits = [wait for _ in range(100) if (wait := one.place(RULE, mails)) is not None]
    gaps = {later - earlier for earlier, later in pairwise(waits)}

    assert all(gap >= max(mails, 1) / 20 * MINUTE and gap > MINUTE for gap in gaps)
    assert waits[0] == timedelta(0)
    assert waits[-1] < HOUR


def test_a_part_has_about_one_event_a_minute() -> None:
    one = pace()
    placed = [wait for _ in range(200) if (wait := one.place(RULE, 1)) is not None]

    assert len(placed) == SLOTS_OF_PART == 55
    assert one.is_full


def test_a_part_continues_in_another_message() -> None:
    """The progress of the sweep has the number of slots that are taken."""
    assert pace(used=SLOTS_OF_PART - 1).place(RULE, 1) == (SLOTS_OF_PART - 1) * timedelta(seconds=65)
    assert pace(used=SLOTS_OF_PART).place(RULE, 1) is None


def test_a_rule_without_room_does_not_stop_the_others() -> None:
    """An event that only the worker can decide needs no room."""
    one = pace(left=2)
    placed = [one.place(RULE, 1) is not None for _ in range(3)]

    assert placed == [True, True, False]
    assert one.place(None, 0) is not None


@pytest.mark.parametrize(
    ("age", "is_complete", "is_new"),
    [
        pytest.param(timedelta(0), True, False, id="all is queued"),
        pytest.param(timedelta(days=6), False, True, id="events are left"),
        pytest.param(timedelta(days=7), False, False, id="events that never get a link are left for a week"),
    ],
)
def test_a_calendar_is_new_until_its_first_sweep_is_over(
    age: timedelta, *, is_complete: bool, is_new: bool
) -> None:
    begun = after_begin(KnownCalendar(id="c", new_since=NOW - age), NOW)
    after = after_end(begun, NOW, is_complete=is_complete)

    assert begun.due == NOW + HOUR
    assert (after.new_since is not None, after.due is not None) == (is_new, is_new)
