import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.desk.replay import read, renewed
from shared.domain.later_message import LaterMessage
from shared.domain.messages import (
    EVENT_CHANGES,
    MAILBOX_TASKS,
    EventChange,
    MailboxTask,
    Source,
    TaskKind,
    TaskReason,
)
from shared.domain.poison_envelope import envelope_text
from shared.storage.poison_queue import LeasedMessage

THEN, NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC), datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CHANGE = EventChange(
    mailbox="aaaaaaaa-0000-4000-8000-000000000001",
    event="e",
    source=Source.SWEEP,
    received=THEN,
    trace="t",
    attempt=30,
    not_found=1,
    waits=2,
    returns=3,
    errors=4,
    queued=THEN,
)
TASK = MailboxTask(
    mailbox="aaaaaaaa-0000-4000-8000-000000000001",
    task=TaskKind.RENEW,
    reason=TaskReason.DUE,
    trace="t",
    attempt=30,
)

LATER = '{"v":2,"events":["e"]}'


def envelope(message: bytes, **other: object) -> bytes:
    text = envelope_text(message, reason="too_old", detail="still no answer", at=THEN)
    return json.dumps({**json.loads(text), **other}).encode()


BODIES = [
    pytest.param(EVENT_CHANGES, envelope(CHANGE.encode().encode()), "too_old", CHANGE, id="our envelope"),
    pytest.param(MAILBOX_TASKS, envelope(TASK.encode().encode()), "too_old", TASK, id="an envelope of a task"),
    pytest.param(EVENT_CHANGES, CHANGE.encode().encode(), "moved_by_the_host", CHANGE, id="moved by the host"),
    pytest.param(EVENT_CHANGES, envelope(TASK.encode().encode()), "unreadable_message", None, id="a message of the other queue"),
    pytest.param(EVENT_CHANGES, envelope(b"\xff?"), "unreadable_message", None, id="an envelope around random text"),
    pytest.param(EVENT_CHANGES, envelope(b"{}", at="today"), "unreadable_message", None, id="an invalid envelope"),
    pytest.param(EVENT_CHANGES, envelope(LATER.encode()), "too_old", LaterMessage(LATER, THEN), id="a later version"),
    pytest.param(EVENT_CHANGES, envelope(LaterMessage(LATER, NOW).encode().encode()), "too_old", LaterMessage(LATER, THEN), id="a later version, waiting"),
    pytest.param(EVENT_CHANGES, LATER.encode(), "moved_by_the_host", LaterMessage(LATER, THEN), id="a later version, moved by the host"),
    pytest.param(EVENT_CHANGES, b"\xff\x00", "unreadable_message", None, id="not a text"),
    pytest.param(EVENT_CHANGES, b"[1]", "unreadable_message", None, id="not an object"),
    pytest.param(EVENT_CHANGES, b"[" * 100_000, "unreadable_message", None, id="deeply nested brackets"),
]  # fmt: skip


@pytest.mark.parametrize(("queue", "body", "reason", "message"), BODIES)
def test_every_message_gets_a_reason(
    queue: str, body: bytes, reason: str, message: EventChange | MailboxTask | LaterMessage | None
) -> None:
    """One that can't be read has no message, and stays."""
    found = read(queue, LeasedMessage("id", "receipt", body, THEN))

    assert (found.reason, found.message) == (reason, message)
    assert found.at == THEN


def test_a_message_goes_back_as_if_received_now() -> None:
    """Its failed attempts do not count. The trace stays, so that the log connects both parts."""
    back = renewed(CHANGE, NOW)

    assert back == EventChange(
        mailbox="aaaaaaaa-0000-4000-8000-000000000001",
        event="e",
        source=Source.REPLAY,
        received=NOW,
        trace="t",
    )
    assert renewed(LaterMessage(LATER, THEN), NOW) == LaterMessage(LATER, NOW)
    assert renewed(TASK, NOW) == replace(TASK, attempt=0)
