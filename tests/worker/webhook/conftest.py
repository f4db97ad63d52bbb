"""A clock for tests of the webhook's limits."""

import pytest

from tests.stepped_clock import SteppedClock


@pytest.fixture
def clock() -> SteppedClock:
    """Return the clock of a test."""
    return SteppedClock()
