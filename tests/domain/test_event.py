"""Which event decides for another one."""

from datetime import UTC, datetime

import pytest

from shared.domain.event import Event

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "master", "expected"),
    [
        pytest.param("occurrence", "M", "M", id="an occurrence"),
        pytest.param("exception", "M", "M", id="an exception"),
        pytest.param("occurrence", "", None, id="an occurrence without a master"),
        pytest.param("occurrence", None, None, id="an occurrence with a missing master"),
        pytest.param("singleInstance", None, None, id="a single event"),
        pytest.param("seriesMaster", "M", None, id="a series master"),
    ],
)
def test_a_series_master_decides_for_its_occurrences(
    kind: str, master: str | None, expected: str | None
) -> None:
    """All other events decide for themselves."""
    event = Event(id="e", etag="", type=kind, series_master_id=master, start=START, end=START)

    assert event.master == expected
