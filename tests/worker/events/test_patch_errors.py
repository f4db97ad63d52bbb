"""What an error in place of the answer to a PATCH shows of its effect."""

from datetime import timedelta

import pytest

from shared.domain.meeting import Answer
from shared.errors import (
    EventChanged,
    EventNotFound,
    Forbidden,
    GraphPaused,
    GraphUnavailable,
    JoinlinkError,
    MailboxUnusable,
    NotConnected,
    OutOfTime,
    QueueUnavailable,
    Throttled,
    Unauthorized,
    UnexpectedAnswer,
)
from shared.worker.events.patch_errors import needs_read, proves_no_effect, recorded_answer

THROTTLED = Throttled("c", retry_after=timedelta(0), status=429, code="", request_id="")


@pytest.mark.parametrize(
    ("error", "is_proof"),
    [
        pytest.param(EventChanged("c", status=412), True, id="412: the ETag was old"),
        pytest.param(EventChanged("c", status=409), False, id="409: a conflict, perhaps with our own write"),
        pytest.param(NotConnected("c"), True, id="no connection: nothing was sent"),
        pytest.param(GraphPaused("c", retry_after=timedelta(0)), True, id="Graph is paused: nothing was sent"),
        pytest.param(OutOfTime("t"), True, id="out of time before the PATCH was sent"),
        pytest.param(GraphUnavailable("c"), False, id="a lost answer"),
        pytest.param(GraphUnavailable("c", status=504), False, id="a proxy timed out"),
        pytest.param(THROTTLED, False, id="429, perhaps from a proxy"),
        pytest.param(Forbidden("c", status=403), False, id="403"),
        pytest.param(EventNotFound("c", status=404), False, id="404"),
        pytest.param(UnexpectedAnswer("c", status=400), False, id="400"),
    ],
)  # fmt: skip
def test_only_an_old_etag_or_an_unsent_request_proves_that_nothing_was_written(
    error: JoinlinkError, *, is_proof: bool
) -> None:
    """Any other status may come from a proxy, after Graph carried out the PATCH."""
    assert proves_no_effect(error) is is_proof


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        pytest.param(Forbidden("c", status=403), Answer.FORBIDDEN, id="403: retried every hour"),
        pytest.param(UnexpectedAnswer("c", status=400), Answer.REFUSED, id="400: moved to the poison queue"),
        pytest.param(UnexpectedAnswer("c", status=200), Answer.PASSING, id="a success that is not from Graph"),
        pytest.param(UnexpectedAnswer("c"), Answer.PASSING, id="an answer without a status"),
        pytest.param(THROTTLED, Answer.PASSING, id="429"),
        pytest.param(GraphUnavailable("c", status=503), Answer.PASSING, id="503"),
        pytest.param(Unauthorized("c", status=401), Answer.PASSING, id="401"),
        pytest.param(EventNotFound("c", status=404), Answer.PASSING, id="404"),
        pytest.param(QueueUnavailable("q"), Answer.PASSING, id="an error that is not Graph's"),
    ],
)  # fmt: skip
def test_a_refusal_is_recorded_with_the_attempt(error: JoinlinkError, answer: Answer) -> None:
    """It counts only after a later read shows that the attempt had no effect."""
    assert recorded_answer(error) is answer


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(Forbidden("c", status=403), True, id="403"),
        pytest.param(MailboxUnusable("c", status=404), True, id="an unusable mailbox"),
        pytest.param(EventNotFound("c", status=404), True, id="404"),
        pytest.param(UnexpectedAnswer("c", status=400), True, id="400"),
        pytest.param(THROTTLED, False, id="429: retried anyway"),
        pytest.param(GraphUnavailable("c"), False, id="no answer: retried anyway"),
        pytest.param(EventChanged("c", status=412), False, id="412: read again at once"),
    ],
)
def test_a_refused_write_does_not_end_its_message(error: JoinlinkError, *, expected: bool) -> None:
    """The same answer to a read would end it."""
    assert needs_read(error) is expected
