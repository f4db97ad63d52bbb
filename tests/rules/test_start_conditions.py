from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain.event import Recurrence
from shared.rules.event.event_facts import EventFacts
from tests.rules.test_conditions import INTERNAL, NOW, read


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        pytest.param("starts_between: {from: '14:00', to: '15:00', timezone: organizer}", {"original_zone": "W. Europe Standard Time"}, True, id="in the organizer's zone"),
        pytest.param("starts_between: {from: '14:00', to: '15:00', timezone: organizer}", {"original_zone": "Asia/Tokyo"}, False, id="another organizer's zone"),
        pytest.param("starts_between: {from: '14:00', timezone: organizer}", {"original_zone": "tzone://Microsoft/Custom"}, None, id="an organizer's zone that is not known"),
        pytest.param("starts_between: {days: tue, timezone: organizer}", {"is_all_day": True, "start": datetime(2026, 6, 2, tzinfo=UTC)}, True, id="a whole day needs no zone"),
        pytest.param("starts_between: {from: '14:00', timezone: organizer}", {"original_zone": "UTC", "unknown_zone": "Mars"}, None, id="a start in an unknown zone"),
        pytest.param("starts_on: {dates: [2026-06-01, 2026-06-03], timezone: UTC}", {}, False, id="other dates"),
        pytest.param("starts_on: {dates: 2026-05-30..2026-06-02, timezone: UTC}", {}, True, id="the last day of a range is included"),
        pytest.param("starts_on: {dates: 2026-06-02 .. 2026-06-09, timezone: UTC}", {}, True, id="the first day, too, with spaces"),
        pytest.param("starts_on: {dates: 06-02, timezone: UTC}", {}, True, id="a day of every year"),
        pytest.param("starts_on: {dates: 12-24..06-02, timezone: UTC}", {}, True, id="a range of every year across its end"),
        pytest.param("starts_on: {dates: 06-03..06-01, timezone: UTC}", {}, False, id="the gap of such a range"),
        pytest.param("starts_on: {dates: 2026-06-03, timezone: Pacific/Auckland}", {}, True, id="the date is that of the zone"),
        pytest.param("starts_on: {dates: 2026-06-03, timezone: organizer}", {"original_zone": "Pacific/Auckland"}, True, id="or of the organizer's zone"),
        pytest.param("starts_on: {dates: 2026-06-02, timezone: organizer}", {}, None, id="no zone of the organizer"),
        pytest.param("starts_on: {dates: 2026-06-02, timezone: organizer}", {"recurrence": Recurrence(pattern="daily", time_zone="Asia/Tokyo")}, True, id="the zone of the series, where the event shows none"),
        pytest.param("starts_on: {dates: 02-29, timezone: UTC}", {"start": datetime(2028, 2, 29, 12, tzinfo=UTC)}, True, id="a leap day"),
    ],
)  # fmt: skip
def test_the_day_and_the_zone_of_the_organizer(
    text: str, changes: dict[str, Any], expected: bool | None, make_event: Any
) -> None:
    """A start that is not known in a zone neither meets nor fails the condition."""
    facts = EventFacts(make_event(**changes), internal=INTERNAL, now=NOW)

    assert read(text).holds(facts) is expected
