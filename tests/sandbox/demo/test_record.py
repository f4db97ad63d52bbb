import pytest

from sandbox.demo.record import EventRecord, WatchCounts, by_event, watch_counts
from sandbox.demo.texts import Ending
from tests.sandbox.demo.records import (
    ADDED,
    BUSY,
    COPY,
    KEY,
    ONLINE,
    call,
    counted_as_missed,
    lifecycle_post,
    line,
    maintained,
    post,
    subscribed,
    swept,
    task,
)

REMOVED, NO_RULE = ("skipped", "removed_by_user"), ("skipped", "no_rule_matched")
NOT_ORGANIZER, AWAITING = ("skipped", "not_organizer"), ("delayed", "awaiting_join_link")
CONFIRMED = ("enabled", "link_confirmed")


@pytest.mark.parametrize(
    ("lines", "endings"),
    [
        pytest.param([], (), id="no lines"),
        pytest.param([BUSY, ADDED, COPY, ONLINE, COPY], (ADDED,), id="copies and the echo of our write"),
        pytest.param([ONLINE, COPY, ONLINE], (ONLINE,), id="online from the start is not an echo"),
        pytest.param([NOT_ORGANIZER, ONLINE], (NOT_ORGANIZER,), id="the echo in an attendee's copy"),
        pytest.param([NO_RULE, NO_RULE], (NO_RULE,), id="two reads with the same outcome"),
        pytest.param([ADDED, ONLINE, REMOVED], (ADDED, REMOVED), id="a person removes the link"),
        pytest.param([AWAITING, CONFIRMED], (CONFIRMED,), id="a late link"),
        pytest.param([AWAITING, BUSY], (), id="not decided yet"),
    ],
)  # fmt: skip
def test_endings_leave_out_waits_copies_and_echoes(lines: list[Ending], endings: tuple[Ending, ...]) -> None:
    """The final outcomes in order; a repeated one counts once."""
    assert EventRecord(lines=[line(one) for one in lines]).endings == endings


def test_the_record_is_sorted_by_event() -> None:
    """Lines, calls and each notification of a POST."""
    posts = [post("1", "2"), lifecycle_post("missed")]
    events = by_event([line(ADDED, 3), {"event": "rules.loaded"}], [call()], posts)

    assert list(events) == [KEY]
    assert [len(events[KEY].lines), len(events[KEY].calls), events[KEY].notifications] == [1, 1, 2]


def test_what_a_sweep_reads_of_an_event_counts_for_the_sweep() -> None:
    """For example the master of a series."""
    lines = [task(("swept", "window_searched"), "a", "b"), line(ADDED, 1, ids=("c",))]
    [read] = by_event(lines, [call(request_id="b"), call(request_id="c")], [])[KEY].calls

    assert read.response_headers["request-id"] == "c"


def test_the_days_subscriptions_and_sweeps_are_counted() -> None:
    """From log lines; only Graph knows that a subscription was removed."""
    lines = [
        maintained(),
        subscribed(),
        subscribed(because="subscription_removed"),
        subscribed("subscription_replaced", "quiet"),
        {"event": "mailbox.renewed"},
        swept(),
        swept(),
        counted_as_missed(),
        counted_as_missed(),
        line(ADDED, source="sweep"),
        line(ONLINE),
        maintained(active=2, unusable=3),
    ]
    posts = [lifecycle_post(one) for one in ("subscriptionRemoved", "missed", "reauthorizationRequired")]

    assert watch_counts(lines, posts) == WatchCounts(
        created=1,
        removed_by_graph=1,
        reauthorizations=1,
        created_again=1,
        replaced=1,
        renewed=1,
        sweeps=2,
        found=frozenset({KEY}),
        missed=2,
        unusable=3,
    )


def test_an_event_with_an_earlier_notification_is_not_found_by_the_sweep() -> None:
    """The sweep only reads it again."""
    assert watch_counts([line(ONLINE), line(ADDED, source="sweep")], []).found == frozenset()
