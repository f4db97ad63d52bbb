from datetime import UTC, datetime, timedelta, timezone

import pytest
from azure.functions.meta import Datum
from azure.functions.queue import QueueMessage, QueueMessageInConverter

from functions.queued import LEASE, queued, taken

THEN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CEST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("inserted", "visible", "expected"),
    [
        pytest.param(THEN, THEN + LEASE, (THEN, THEN), id="taken at once"),
        pytest.param(THEN, THEN + LEASE + timedelta(days=1), (THEN, THEN + timedelta(days=1)), id="a day later"),
        pytest.param(THEN.astimezone(CEST), (THEN + LEASE).astimezone(CEST), (THEN, THEN), id="with another offset"),
        pytest.param(THEN.replace(tzinfo=None), (THEN + LEASE).replace(tzinfo=None), (THEN, THEN), id="without an offset"),
        pytest.param(THEN, THEN + timedelta(minutes=1), (THEN, None), id="a host with another lease"),
        pytest.param(THEN, None, (THEN, None), id="the host does not say when it is visible again"),
        pytest.param(None, THEN + LEASE, (None, None), id="the host does not say when it was queued"),
    ],
)  # fmt: skip
def test_the_times_of_a_message_are_those_of_the_queue_service(
    inserted: datetime | None, visible: datetime | None, expected: tuple[datetime | None, datetime | None]
) -> None:
    """Aware, in UTC. An unknown time is None, and then the event is read again."""
    message = QueueMessage(id="1", body=b"", insertion_time=inserted, time_next_visible=visible)

    assert (queued(message), taken(message)) == expected


def test_microsofts_library_reads_the_times_from_the_trigger_metadata() -> None:
    """The host sends them beside the body."""
    sent = {
        "InsertionTime": Datum('"2026-11-22T08:00:00+00:00"', "json"),
        "NextVisibleTime": Datum('"2026-11-22T08:10:20+00:00"', "json"),
    }
    message = QueueMessageInConverter.decode(Datum("{}", "string"), trigger_metadata=sent)

    assert (queued(message), taken(message)) == (THEN, THEN + timedelta(seconds=20))
