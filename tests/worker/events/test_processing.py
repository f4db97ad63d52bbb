from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.decision import Outcome, Reason
from shared.domain.messages import EventChange, Source
from shared.worker.common.ending import Ending, retry_later, to_poison
from shared.worker.events.processing import answers_copies

CHANGE = EventChange(
    mailbox="m", event="e", source=Source.NOTIFICATION, received=datetime(2026, 11, 22, tzinfo=UTC), trace="t"
)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        pytest.param(Ending(outcome=Outcome.ENABLED, reason=Reason.LINK_ADDED), True, id="a link was added"),
        pytest.param(Ending(outcome=Outcome.SKIPPED, reason=Reason.ENDED), True, id="a guard decided"),
        pytest.param(retry_later(CHANGE, Reason.AWAITING_JOIN_LINK, MINUTE), True, id="written; the link is awaited"),
        pytest.param(to_poison(Reason.UNEXPECTED_ANSWER, ""), True, id="moved to the poison queue"),
        pytest.param(retry_later(CHANGE, Reason.CHANGED_MEANWHILE, MINUTE), False, id="this message is retried"),
        pytest.param(retry_later(CHANGE, Reason.WRITE_UNDER_WAY, MINUTE), False, id="another instance writes"),
        pytest.param(Ending(outcome=Outcome.SUPERSEDED, reason=Reason.READ_SINCE), False, id="another message decides"),
    ],
)  # fmt: skip
def test_copies_of_a_message_end_without_a_read_only_after_an_answer(
    ending: Ending, *, expected: bool
) -> None:
    """If the message is retried or superseded, its copies read the event themselves."""
    assert answers_copies(ending) is expected
