import logging
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.decision import Level, Outcome, Reason
from shared.domain.messages import EventChange, Source
from shared.graph.sender import Tally
from shared.worker.common.ending import Ending, retry_later, to_poison
from shared.worker.common.message_report import MessageReport

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CHANGE = EventChange(mailbox="m", event="e", source=Source.NOTIFICATION, received=NOON, trace="t")
DONE = Ending(outcome=Outcome.SKIPPED, reason=Reason.ENDED)


def report(
    ending: Ending = DONE,
    *,
    started: datetime = NOON,
    finished: datetime = NOON,
    taken: datetime | None = None,
) -> MessageReport[EventChange]:
    return MessageReport(
        ending=ending, message=CHANGE, started=started, finished=finished, taken=taken, tally=Tally()
    )


@pytest.mark.parametrize(
    ("taken", "queued", "started", "seconds"),
    [
        pytest.param(NOON + 5 * SECOND, NOON, NOON + 60 * SECOND, 5.0, id="by the queue service's clock"),
        pytest.param(None, NOON, NOON + 60 * SECOND, 60.0, id="the host does not say when it took it"),
        pytest.param(NOON + 5 * SECOND, None, NOON + 60 * SECOND, 60.0, id="the time of queueing is not known"),
        pytest.param(NOON, NOON + SECOND, NOON, 0.0, id="never negative"),
        pytest.param(None, None, NOON - SECOND, 0.0, id="never negative, if the clock was set back"),
    ],
)  # fmt: skip
def test_the_time_in_the_queue_is_by_the_queue_services_clock_if_known(
    taken: datetime | None, queued: datetime | None, started: datetime, seconds: float
) -> None:
    """Otherwise from the webhook's time to the worker's, which may differ."""
    assert report(started=started, taken=taken).waited_seconds(queued, NOON) == seconds


@pytest.mark.parametrize(("later", "seconds"), [(1.23456, 1.235), (0, 0.0), (-5, 0.0)])
def test_a_duration_is_in_milliseconds_and_never_negative(later: float, seconds: float) -> None:
    """The clock may be set back."""
    assert report(finished=NOON + later * SECOND).duration_seconds == seconds


@pytest.mark.parametrize(
    ("ending", "seconds"),
    [
        pytest.param(DONE, None, id="no next message"),
        pytest.param(retry_later(CHANGE, Reason.THROTTLED, 7.25 * SECOND), 7.2, id="a retry"),
        pytest.param(retry_later(CHANGE, Reason.MORE_PAGES, 0 * SECOND), 0.0, id="at once"),
    ],
)
def test_a_report_has_the_delay_of_the_next_message(ending: Ending, seconds: float | None) -> None:
    """In tenths of a second; none if there is no next message."""
    assert report(ending).retry_seconds == seconds


@pytest.mark.parametrize(
    ("ending", "level"),
    [
        pytest.param(DONE, logging.INFO, id="normal"),
        pytest.param(Ending(outcome=Outcome.SKIPPED, reason=Reason.LIMIT_REACHED), logging.WARNING, id="for an admin to fix"),
        pytest.param(retry_later(CHANGE, Reason.UNAUTHORIZED, SECOND), logging.ERROR, id="for a person to act on now"),
        pytest.param(to_poison(Reason.WORKER_LOST, ""), logging.ERROR, id="failed, with a reason that is a warning"),
    ],
)  # fmt: skip
def test_the_level_of_a_line_is_that_of_its_reason_unless_the_message_failed(
    ending: Ending, level: int
) -> None:
    """A message in the poison queue always needs a person."""
    assert report(ending).level == level


def test_every_level_has_a_number_of_the_logging_library() -> None:
    """So no reason ends a message without its line."""
    numbers = {
        level: {
            report(Ending(outcome=Outcome.SKIPPED, reason=reason)).level
            for reason in Reason
            if reason.level is level
        }
        for level in Level
    }

    assert numbers == {
        Level.INFO: {logging.INFO},
        Level.WARNING: {logging.WARNING},
        Level.ERROR: {logging.ERROR},
    }
