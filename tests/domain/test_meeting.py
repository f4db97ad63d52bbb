"""The states of a meeting, and what follows from each."""

from datetime import UTC, datetime

import pytest

from shared.domain.meeting import AWAITING_LINK, BEFORE_ATTEMPT, PENDING, UNSETTLED, Meeting, MeetingState

S = MeetingState
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "was_online", "sets"),
    [
        (S.SEEN_ONLINE, True, set()),
        (S.ATTEMPTED, False, {"pending", "unsettled"}),
        (S.UNCONFIRMED, False, {"awaiting link", "pending", "unsettled"}),
        (S.LINK_PENDING, True, {"awaiting link", "pending", "unsettled"}),
        (S.ENABLED, True, set()),
        (S.WRITE_UNKNOWN, False, {"unsettled"}),
        (S.RELEASED, False, {"start"}),
        (S.NOT_HONORED, False, {"start"}),
    ],
)
def test_each_state_has_its_consequences(state: MeetingState, was_online: bool, sets: set[str]) -> None:
    """Whether the event was online, whether a write is pending, and whether an attempt may start."""
    names = {
        "awaiting link": AWAITING_LINK,
        "pending": PENDING,
        "unsettled": UNSETTLED,
        "start": BEFORE_ATTEMPT,
    }

    assert Meeting(state=state, at=NOW).was_online is was_online
    assert {name for name, states in names.items() if state in states} == sets
