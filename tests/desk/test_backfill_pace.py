from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings, strategies as st

from shared.desk.backfill_pace import MAILS_A_MINUTE, MailPace, Slots
from shared.domain.position import Position
from shared.rules.conditions import all_of
from shared.rules.policy import Rule, RuleLimits

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def rule(**limits: int) -> Rule:
    return Rule(id="external", when=all_of((), Position(1, 1)), limits=RuleLimits(**limits))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=60))
@example([0, 21])
def test_no_minute_has_more_mails_than_twenty(sizes: list[int]) -> None:
    """Any sixty seconds, not only those of the clock; an event that is larger by itself stands alone."""
    pace = MailPace()
    booked: list[tuple[datetime, int]] = []
    for mails in sizes:
        at = pace.earliest(START, mails)
        pace.book(at, mails)
        booked.append((at, mails))

    for begin, _ in booked:
        minute = [mails for at, mails in booked if begin <= at < begin + MINUTE and mails]
        assert sum(minute) <= MAILS_A_MINUTE or len(minute) == 1
    assert [at for at, _ in booked] == sorted(at for at, _ in booked)


def test_a_large_meeting_is_paid_for_in_minutes() -> None:
    """Sixty mails at once, and none for three minutes."""
    pace = MailPace()
    pace.book(pace.earliest(START, 60), 60)

    assert pace.earliest(START, 1) >= START + 3 * MINUTE


@pytest.mark.parametrize(
    ("limits", "events", "expected"),
    [
        pytest.param({}, 4, [9, 9, 9, 9], id="no limits"),
        pytest.param({"per_hour": 4}, 5, [9, 9, 10, 10, 11], id="half of the hour's"),
        pytest.param({"per_mailbox_per_day": 4}, 5, [9, 9, 24, 24, 48], id="half of the day's"),
        pytest.param({"per_hour": 1}, 2, [9, 10], id="one at least"),
        pytest.param({"per_mailbox_per_day": 1}, 7, [9, 24, 48, 72, 96, 120, None], id="a queue's week"),
    ],
)
def test_rules_give_half_of_their_limits(
    limits: dict[str, int], events: int, expected: list[int | None]
) -> None:
    """The other half is for meetings that people make meanwhile. Hours since midnight of the first day."""
    mailbox = Slots(START).of_mailbox()
    midnight = START.replace(hour=0, minute=0)
    moments = [mailbox.place(rule(**limits), 1) for _ in range(events)]

    assert [None if at is None else (at - midnight) // HOUR for at in moments] == expected


def test_an_hour_is_shared_by_all_mailboxes() -> None:
    """`per_hour` is the rule's, whoever organizes."""
    run = Slots(START)
    hours = [place.hour for _ in range(3) if (place := run.of_mailbox().place(rule(per_hour=4), 1))]

    assert hours == [9, 9, 10]


def test_a_rule_that_has_had_its_day_does_not_hold_others_up() -> None:
    """What another rule wants still comes today."""
    mailbox = Slots(START).of_mailbox()
    for _ in range(3):
        mailbox.place(rule(per_mailbox_per_day=2), 1)
    at = mailbox.place(Rule(id="other", when=all_of((), Position(1, 1))), 1)

    assert at is not None
    assert at.date() == START.date()


def test_a_mailbox_waits_for_what_is_booked_in_it() -> None:
    """Whoever goes on after a break begins behind it."""
    booked = START + 2 * HOUR

    assert Slots(START).of_mailbox(booked).place(None, 1) == booked


def test_mailboxes_come_one_after_the_other() -> None:
    """Ten events a second in all of them, or live changes would stand in line behind."""
    run = Slots(START)
    for _ in range(100):
        run.of_mailbox().place(None, 0)

    assert run.of_mailbox().place(None, 0) == START + timedelta(seconds=10)
