"""What a read shows of the effect of a write."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from shared import deadline
from shared.domain.attempt import LEASE, SECOND_READ, SETTLED, Effect, evidence
from shared.domain.event import Event
from shared.domain.meeting import Meeting, MeetingState

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BEFORE, OTHER = 'W/"before"', 'W/"other"'
SECOND = timedelta(seconds=1)


def attempt(*, lease: str = "", doubts: int = 0) -> Meeting:
    return Meeting(state=MeetingState.ATTEMPTED, at=NOW, etag=BEFORE, lease=lease, doubts=doubts)


def event(etag: str = BEFORE, *, online: bool = False) -> Event:
    return Event(id="e", etag=etag, start=NOW, end=NOW, is_online_meeting=online)


@pytest.mark.parametrize(
    ("meeting", "seen", "age", "effect"),
    [
        pytest.param(attempt(lease="a"), event(), LEASE - SECOND, Effect.IN_PROGRESS, id="another instance is writing"),
        pytest.param(attempt(lease="a"), event(OTHER, online=True), SECOND, Effect.IN_PROGRESS, id="another instance is writing, and the event is online"),
        pytest.param(attempt(lease="a"), event(OTHER, online=True), LEASE, Effect.TOOK_EFFECT, id="the writer died, and it is online"),
        pytest.param(attempt(lease="a"), event(), LEASE, Effect.NO_EFFECT, id="the writer died, and it is as before"),
        pytest.param(attempt(lease="a"), event(OTHER), LEASE, Effect.CHANGED, id="the writer died, and it has changed"),
        pytest.param(attempt(), event(OTHER, online=True), timedelta(0), Effect.TOOK_EFFECT, id="online at once"),
        pytest.param(attempt(), event(online=True), SETTLED, Effect.TOOK_EFFECT, id="online, with any ETag"),
        pytest.param(attempt(), event(), SETTLED - SECOND, Effect.UNDECIDED, id="as before, and the read may be stale"),
        pytest.param(attempt(), event(), SETTLED, Effect.NO_EFFECT, id="as before"),
        pytest.param(attempt(), event(OTHER), SECOND, Effect.CHANGED, id="changed"),
        pytest.param(attempt(), event(OTHER), 2 * SECOND_READ, Effect.CHANGED, id="changed, read late"),
        pytest.param(attempt(doubts=1), event(OTHER), SECOND_READ - SECOND, Effect.UNDECIDED, id="changed, read again too soon"),
        pytest.param(attempt(doubts=1), event(OTHER), SECOND_READ, Effect.UNKNOWN, id="changed, read twice"),
        pytest.param(attempt(doubts=1), event(), SECOND_READ, Effect.NO_EFFECT, id="as before after all"),
        pytest.param(attempt(doubts=1), event(OTHER, online=True), SECOND_READ, Effect.TOOK_EFFECT, id="online after all"),
    ],
)  # fmt: skip
def test_a_read_shows_the_effect_of_an_attempt(
    meeting: Meeting, seen: Event, age: timedelta, effect: Effect
) -> None:
    """An attempt took effect, had no effect, or the effect is not known."""
    assert evidence(meeting, seen, age).effect is effect


@given(
    lease=st.sampled_from(["", "another"]),
    doubts=st.integers(0, 3),
    etag=st.sampled_from([BEFORE, OTHER]),
    online=st.booleans(),
    seconds=st.integers(0, 1_000),
)
def test_a_wait_always_ends_with_a_result(
    *, lease: str, doubts: int, etag: str, online: bool, seconds: int
) -> None:
    """A read after the wait does not lead to the same wait again."""
    # Only an attempt whose lease is over is ever doubted.
    meeting, seen = attempt(lease=lease, doubts=0 if lease else doubts), event(etag, online=online)
    first = evidence(meeting, seen, timedelta(seconds=seconds))
    then = evidence(meeting, seen, timedelta(seconds=seconds) + first.wait)

    assert (first.wait > timedelta(0)) is (
        first.effect in {Effect.IN_PROGRESS, Effect.UNDECIDED, Effect.CHANGED}
    )
    assert then.effect not in {Effect.IN_PROGRESS, Effect.UNDECIDED}


def test_a_lease_outlasts_every_message() -> None:
    """While an instance may still send its PATCH, its lease is valid."""
    assert LEASE > deadline.MESSAGE_TIMEOUT
