from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from shared.storage.known_calendars import MOST_CALENDARS, NONE_KNOWN, KnownCalendar, KnownCalendars

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
IDS = st.text("abcDEF-_=", min_size=1, max_size=1024)
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC)).map(lambda each: each.replace(microsecond=0))
CALENDARS = st.builds(KnownCalendar, id=IDS, new_since=MOMENTS, due=MOMENTS)


@settings(max_examples=50)
@given(st.lists(CALENDARS, max_size=5), MOMENTS, st.integers(0, 500))
def test_what_is_known_survives_the_column(
    calendars: list[KnownCalendar], listed: datetime | None, left_out: int
) -> None:
    known = KnownCalendars(calendars=tuple(calendars), listed=listed, left_out=left_out)

    assert KnownCalendars.decode(known.encode()) == known


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"calendars":7}',
        '{"calendars":{}}',
        '{"calendars":[7]}',
        '{"calendars":[{}]}',
        '{"calendars":[{"id":"a/b"}]}',
        '{"calendars":[],"listed":"2026-11-23"}',
        '{"calendars":[],"left_out":"many"}',
        '{"calendars":[],"left_out":1e999}',
        '{"calendars":[{"id":"a","due":"soon"}]}',
        "[" * 100_000,
    ],
)
def test_a_damaged_column_means_that_nothing_is_known(text: str) -> None:
    """The list is read again, and the calendars count as new."""
    assert KnownCalendars.decode(text) == NONE_KNOWN


def test_the_column_is_bounded() -> None:
    """By number, and by size: ids may be long."""
    short = NONE_KNOWN.as_listed([f"c{n}" for n in range(200)], NOW)
    long = NONE_KNOWN.as_listed([f"{n:01024}" for n in range(200)], NOW)

    assert (len(short.calendars), short.left_out) == (MOST_CALENDARS, 200 - MOST_CALENDARS)
    assert len(long.calendars) + long.left_out == 200
    assert max(len(full(short).encode()), len(full(long).encode())) < 32_768


def full(known: KnownCalendars) -> KnownCalendars:
    """Return the calendars with everything that their row may keep."""
    return replace(
        known,
        calendars=tuple(
            replace(one, new_since=NOW, due=NOW, subscription="5" * 36, endpoint="e" * 16)
            for one in known.calendars
        ),
    )


@settings(max_examples=50)
@given(st.integers(0, 350), st.integers(1, 1000), st.integers(0, 349))
def test_all_calendars_have_their_turn(number: int, length: int, gone: int) -> None:
    """Also if they are too many, long ids or not, and one of them is deleted meanwhile."""
    ids = [f"{n:0{length}}" for n in range(number)]
    known, seen = NONE_KNOWN, set[str]()
    fitting = min(MOST_CALENDARS, 32_000 // (length + 180)) if number else 1
    for turn in range(-(-number // fitting)):
        now = NOW + turn * 6 * HOUR
        assert known.is_list_due(now) or not known.left_out
        known = known.as_listed(ids, now).without(ids[gone] if gone < number and turn else "")
        seen |= {one.id for one in known.calendars}

    assert set(ids) - seen <= {ids[gone] if gone < number else ""}


def test_a_calendar_that_stays_keeps_what_is_known_of_it() -> None:
    """With 101 calendars, 99 of the next part are in this one."""
    ids = [f"c{n:03}" for n in range(MOST_CALENDARS + 1)]
    first = NONE_KNOWN.as_listed(ids, NOW)
    swept = replace(first, calendars=tuple(replace(one, new_since=None) for one in first.calendars))
    second = swept.as_listed(ids, NOW + 6 * HOUR)

    assert [one.id for one in second.calendars] == [ids[-1], *ids[: MOST_CALENDARS - 1]]
    assert [one.id for one in second.calendars if one.new_since] == [ids[-1]]


def test_the_list_keeps_what_is_known() -> None:
    """Another order of Graph's list changes nothing; a calendar that is gone is forgotten."""
    known = KnownCalendars(calendars=(KnownCalendar(id="a"), KnownCalendar(id="b", new_since=NOW - DAY)))
    listed = known.as_listed(["c", "b", "a", "c"], NOW)

    assert listed.calendars == (*known.calendars, KnownCalendar(id="c", new_since=NOW))
    assert [one.id for one in listed.as_listed(["c"], NOW).calendars] == ["c"]


@pytest.mark.parametrize(
    ("listed", "is_due"),
    [
        pytest.param(None, True, id="never read"),
        pytest.param(NOW, False, id="just read"),
        pytest.param(NOW - 23 * HOUR, False, id="read today"),
        pytest.param(NOW - 24 * HOUR, True, id="read a day ago"),
        pytest.param(NOW + timedelta(minutes=4), False, id="clocks differ"),
        pytest.param(NOW + DAY, True, id="read in the future, by a wrong clock"),
    ],
)
def test_the_list_is_due_once_a_day(listed: datetime | None, *, is_due: bool) -> None:
    assert KnownCalendars(listed=listed).is_list_due(NOW) is is_due


@pytest.mark.parametrize(
    ("calendar", "is_due"),
    [
        pytest.param(KnownCalendar(id="a"), True, id="known"),
        pytest.param(KnownCalendar(id="a", new_since=NOW), True, id="new"),
        pytest.param(KnownCalendar(id="a", new_since=NOW, due=NOW + HOUR), False, id="an hour later"),
        pytest.param(KnownCalendar(id="a", new_since=NOW, due=NOW), True, id="the next part is due"),
        pytest.param(KnownCalendar(id="a", new_since=NOW, due=NOW + DAY), True, id="due by a wrong clock"),
    ],
)
def test_a_part_of_a_first_sweep_is_due_after_an_hour(calendar: KnownCalendar, *, is_due: bool) -> None:
    known = KnownCalendars(calendars=(calendar, KnownCalendar(id="z")))

    assert known.after("", NOW) == ("a" if is_due else "z")
    assert known.after("a", NOW) == "z"
    assert known.after("z", NOW) == known.after("gone", NOW) == ""
