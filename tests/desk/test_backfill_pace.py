from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings, strategies as st

from shared.desk.backfill_pace import MailPace, RunSlots
from shared.domain.position import Position
from shared.rules.conditions import all_of
from shared.rules.policy import Rule, RuleLimits
from shared.worker.events.attendee_mails import MAILS_A_MINUTE

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def rule(**limits: int) -> Rule:
    return Rule(id="external", when=all_of((), Position(1, 1)), limits=RuleLimits(**limits))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=60))
@example([0, 21])
def test_no_minute_has_more_than_twenty_mails(sizes: list[int]) -> None:
    """Any sixty seconds, not only those of the clock; a larger event gets them for itself."""
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


def test_a_large_meeting_gets_several_minutes() -> None:
    """Sixty mails in one go, then none for three minutes."""
    pace = MailPace()
    pace.book(pace.earliest(START, 60), 60)

    assert pace.earliest(START, 1) >= START + 3 * MINUTE


@pytest.mark.parametrize(
    ("limits", "events", "expected"),
    [
        pytest.param({}, 4, [9, 9, 9, 9], id="no limits"),
        pytest.param({"per_hour": 4}, 5, [9, 9, 10, 10, 11], id="half of the hour's limit"),
        pytest.param({"per_mailbox_per_day": 4}, 5, [9, 9, 24, 24, 48], id="half of the day's limit"),
        pytest.param({"per_hour": 1}, 2, [9, 10], id="at least one"),
        pytest.param(
            {"per_mailbox_per_day": 1}, 7, [9, 24, 48, 72, 96, 120, None], id="a week, the maximum of a queue"
        ),
    ],
)
def test_a_backfill_uses_half_of_each_limit(
    limits: dict[str, int], events: int, expected: list[int | None]
) -> None:
    """The other half is for new meetings. Hours count from midnight of the first day."""
    mailbox = RunSlots(START).of_mailbox()
    midnight = START.replace(hour=0, minute=0)
    moments = [mailbox.place(rule(**limits), 1) for _ in range(events)]

    assert [None if at is None else (at - midnight) // HOUR for at in moments] == expected


def test_an_hour_is_shared_by_all_mailboxes() -> None:
    """`per_hour` limits the rule, not each organizer."""
    run = RunSlots(START)
    hours = [place.hour for _ in range(3) if (place := run.of_mailbox().place(rule(per_hour=4), 1))]

    assert hours == [9, 9, 10]


def test_a_rule_whose_day_is_full_does_not_delay_others() -> None:
    """Events of another rule are still due today."""
    mailbox = RunSlots(START).of_mailbox()
    for _ in range(3):
        mailbox.place(rule(per_mailbox_per_day=2), 1)
    at = mailbox.place(Rule(id="other", when=all_of((), Position(1, 1))), 1)

    assert at is not None
    assert at.date() == START.date()


def test_a_mailbox_waits_for_its_booked_changes() -> None:
    """A run that is resumed starts after them."""
    booked = START + 2 * HOUR

    assert RunSlots(START).of_mailbox(booked).place(None, 1) == booked


def test_all_mailboxes_share_the_pace() -> None:
    """Ten events a second in total, or live changes would wait for them."""
    run = RunSlots(START)
    for _ in range(100):
        run.of_mailbox().place(None, 0)

    assert run.of_mailbox().place(None, 0) == START + timedelta(seconds=10)
