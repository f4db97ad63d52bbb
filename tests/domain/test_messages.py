import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from shared.domain.ids import is_id
from shared.domain.messages import BatchedChange, EventChange, MailboxTask, Source, TaskKind, TaskReason
from shared.errors import UnreadableMessage
from tests.domain.test_ids import IMPOSSIBLE, NOT_OBJECT_IDS

ADA, BO = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
texts = st.text(min_size=1, max_size=200)
object_ids = st.uuids().map(str)
ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=200).filter(is_id)
changes = st.builds(
    EventChange,
    mailbox=object_ids,
    event=ids,
    source=st.sampled_from(Source),
    received=st.datetimes(timezones=st.just(UTC)),
    trace=texts,
    attempt=st.integers(min_value=0, max_value=10_000),
    not_found=st.integers(min_value=0, max_value=2),
    batched=st.lists(st.builds(BatchedChange, object_ids, ids, texts), max_size=3).map(tuple),
    watched=st.none() | st.tuples(*[st.datetimes(timezones=st.just(UTC))] * 2),
)


@given(changes)
def test_a_message_survives_the_queue(change: EventChange) -> None:
    """It is decoded to the same value, from text and from bytes."""
    assert change == EventChange.decode(change.encode())
    assert change == EventChange.decode(change.encode().encode())


def test_batched_changes_are_split_into_messages() -> None:
    """Each has its own trace, and the source and time of the POST."""
    change = EventChange.decode(GOOD.replace('"t"', '"t","fellows":[["' + BO + '","e2","t2"]]'))

    assert [(one.mailbox, one.event, one.trace, one.batched) for one in change.split()] == [
        (ADA, "e", "t", ()),
        (BO, "e2", "t2", ()),
    ]
    assert {(one.source, one.received) for one in change.split()} == {(change.source, change.received)}


def test_the_json_of_a_change_is_fixed() -> None:
    """Other versions of Joinlink read it."""
    change = EventChange(
        mailbox=ADA,
        event="e",
        source=Source.SWEEP,
        received=datetime(2026, 11, 22, 9, 0, tzinfo=timezone(timedelta(hours=1))),
        trace="t",
        attempt=2,
    )

    expected = (
        f'{{"v":1,"mailbox":"{ADA}","event":"e","source":"sweep",'
        '"received":"2026-11-22T08:00:00+00:00","attempt":2,"not_found":0,"trace":"t"}'
    )
    assert expected == change.encode()


@pytest.mark.parametrize(
    "watched",
    [
        "7",
        "null",
        "[]",
        '["2026-11-22T08:00:00+00:00"]',
        '["2026-11-22T08:00:00","2026-11-22T09:00:00+00:00"]',
        '["now",{}]',
        '"ab"',
    ],
)
def test_a_period_that_cannot_be_read_does_not_stop_a_message(watched: str) -> None:
    """Only statistics use it."""
    change = EventChange.decode(GOOD.replace('"t"', f'"t","watched":{watched}'))

    assert change == EventChange.decode(GOOD)


GOOD = (
    '{"v":1,"mailbox":"' + ADA + '","event":"e","source":"sweep",'
    '"received":"2026-11-22T08:00:00+00:00","attempt":0,"trace":"t"}'
)
TASK = '{"v":1,"mailbox":"' + ADA + '","task":"renew","reason":"due","attempt":0,"trace":"t"}'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param("", "not JSON", id="empty"),
        pytest.param(b"\xff\xfe\x00", "not JSON", id="bytes that are not text"),
        pytest.param("[" * 100_000, "not JSON", id="nested too deeply"),
        pytest.param("[1]", "not an object", id="a list"),
        pytest.param(GOOD.replace('"v":1', '"v":2'), "version 2, expected 1", id="a later version"),
        pytest.param(GOOD.replace('"v":1,', ""), "version missing", id="no version"),
        pytest.param(GOOD.replace(ADA, ""), "'mailbox' is str: expected text", id="an empty mailbox"),
        pytest.param(GOOD.replace('"e"', "null"), "'event' is missing", id="no event"),
        pytest.param(GOOD.replace("sweep", "rumour"), "'source' is not one of", id="an unknown source"),
        pytest.param(GOOD.replace("+00:00", ""), "not a time with a UTC offset", id="a time without offset"),
        pytest.param(GOOD.replace("2026-11-22T08:00:00+00:00", "0001-01-01T00:00:00+14:00"), "not a time with a UTC offset", id="before time"),
        pytest.param(GOOD.replace('"attempt":0', '"attempt":-1'), "'attempt' is -1", id="a negative attempt"),
        pytest.param(GOOD.replace('"t"', '"t","fellows":{}'), "'fellows' is dict", id="batched changes that are not a list"),
        pytest.param(GOOD.replace('"t"', '"t","fellows":[["' + ADA + '","e"]]'), "'fellows' has an item", id="a batched change without a trace"),
        pytest.param(GOOD.replace('"t"', '"t","fellows":[["' + ADA + '","e",7]]'), "'fellows' has an item", id="a batched change with a number"),
        pytest.param(GOOD.replace('"attempt":0', '"attempt":true'), "'attempt' is True", id="an attempt that is not a number"),
    ],
)  # fmt: skip
def test_a_damaged_change_is_unreadable(body: str | bytes, said: str) -> None:
    """The error says which key is wrong. No other error is raised."""
    with pytest.raises(UnreadableMessage, match=said):
        EventChange.decode(body)


@pytest.mark.parametrize("key", ["mailbox", "event", "source", "received", "attempt", "trace", "v"])
def test_an_error_quotes_no_personal_data(key: str) -> None:
    """A message from outside may contain any text."""
    foreign = {**json.loads(GOOD), key: {"subject": "Merger with bo@fabrikam.com"}}
    also = {**json.loads(GOOD), key: "Merger with bo@fabrikam.com"}
    for message in (foreign, also):
        try:
            EventChange.decode(json.dumps(message))
        except UnreadableMessage as error:
            assert "Merger" not in str(error)  # noqa: PT017 -- `trace` may be any text


def test_a_message_without_not_found_has_the_count_zero() -> None:
    """Earlier versions wrote messages without it."""
    assert EventChange.decode(GOOD).not_found == 0


@given(st.binary() | st.text())
def test_no_body_raises_another_error(body: str | bytes) -> None:
    """Every body is read, or is unreadable."""
    try:
        EventChange.decode(body)
    except UnreadableMessage as error:
        assert str(error)  # noqa: PT017 -- both results are valid, but an error needs a text


tasks = st.builds(
    MailboxTask,
    mailbox=object_ids,
    task=st.sampled_from(TaskKind),
    reason=st.sampled_from(TaskReason),
    trace=texts,
    attempt=st.integers(min_value=0, max_value=10_000),
)


@given(tasks)
def test_a_task_survives_the_queue(task: MailboxTask) -> None:
    """It is decoded to the same value."""
    assert task == MailboxTask.decode(task.encode())


def test_the_json_of_a_task_is_fixed() -> None:
    """Other versions of Joinlink read it."""
    task = MailboxTask(mailbox=ADA, task=TaskKind.RENEW, reason=TaskReason.DUE, trace="t", attempt=1)

    assert TASK.replace(":0", ":1") == task.encode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(TASK.replace("renew", "dance"), "'task' is not one of", id="an unknown task"),
        pytest.param(TASK.replace("due", "because"), "'reason' is not one of", id="an unknown reason"),
        pytest.param(GOOD, "'task' is missing", id="a message of the other queue"),
    ],
)  # fmt: skip
def test_a_damaged_task_is_unreadable(body: str, said: str) -> None:
    with pytest.raises(UnreadableMessage, match=said):
        MailboxTask.decode(body)


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_a_message_with_an_invalid_id_is_unreadable(text: str) -> None:
    """Graph gives no such id, and it must not become part of a URL."""
    for change in (
        EventChange(
            mailbox=ADA,
            event=text,
            source=Source.SWEEP,
            received=datetime(2026, 11, 22, tzinfo=UTC),
            trace="t",
        ),
        EventChange(
            mailbox=text,
            event="e",
            source=Source.SWEEP,
            received=datetime(2026, 11, 22, tzinfo=UTC),
            trace="t",
        ),
        EventChange(
            mailbox=ADA,
            event="e",
            source=Source.SWEEP,
            received=datetime(2026, 11, 22, tzinfo=UTC),
            trace="t",
            batched=(BatchedChange(ADA, text, "t"),),
        ),
    ):
        with pytest.raises(UnreadableMessage):
            EventChange.decode(change.encode())
    task = MailboxTask(mailbox=text, task=TaskKind.SWEEP, reason=TaskReason.MISSED, trace="t")
    with pytest.raises(UnreadableMessage):
        MailboxTask.decode(task.encode())


@pytest.mark.parametrize("mailbox", NOT_OBJECT_IDS)
def test_a_mailbox_is_named_by_its_object_id_only(mailbox: str) -> None:
    """Under another name it would have another memory of writes, and other limits."""
    for body in (
        GOOD.replace(ADA, mailbox),
        GOOD.replace('"t"', '"t","fellows":[["' + mailbox + '","e","t"]]'),
    ):
        with pytest.raises(UnreadableMessage):
            EventChange.decode(body)
    with pytest.raises(
        UnreadableMessage, match="'mailbox' is not an object id: expected a GUID in lower case"
    ):
        MailboxTask.decode(TASK.replace(ADA, mailbox))
