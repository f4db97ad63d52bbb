import json
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shared.domain.messages import EventChange, MailboxTask, Source, TaskKind, TaskReason
from shared.errors import RejectedRequest
from shared.graph.protocol.client_state import client_state
from shared.graph.protocol.notifications import (
    MAX_BODY_BYTES,
    Intake,
    Rejection,
    handshake_answer,
    read_notifications,
)
from tests.domain.test_ids import IMPOSSIBLE

KEY = "k" * 32
OLD_KEY = "o" * 32
TENANT = "11111111-1111-4111-8111-111111111111"
ADA = "aaaaaaaa-0000-4000-8000-000000000001"
BO = "bbbbbbbb-0000-4000-8000-000000000002"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def item(**changes: Any) -> dict[str, Any]:
    """Return a notification as Graph sends it, with some properties changed; None removes one."""
    full = {
        "id": "n1",
        "subscriptionId": "22222222-2222-4222-8222-222222222222",
        "subscriptionExpirationDateTime": "2026-11-28T09:00:00.0000000-07:00",
        "clientState": client_state(KEY, ADA),
        "tenantId": TENANT,
        "changeType": "updated",
        "resource": f"Users/{ADA}/Events/AAMk=",
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": f"Users/{ADA}/Events/AAMk=",
            "@odata.etag": 'W/"DwAAABYAAAC"',
            "id": "AAMk=",
        },
    } | changes
    return {key: value for key, value in full.items() if value is not None}


def read(*items: object) -> Intake:
    traces = count(1)
    return read_notifications(
        json.dumps({"value": items}).encode(),
        keys=(KEY, OLD_KEY),
        tenant_id=TENANT,
        received=NOW,
        new_trace=lambda: f"trace-{next(traces)}",
    )


@pytest.mark.parametrize(
    ("kind", "task", "reason"),
    [
        pytest.param("reauthorizationRequired", TaskKind.RENEW, TaskReason.REAUTHORIZATION_REQUIRED, id="reauthorize"),
        pytest.param("subscriptionRemoved", TaskKind.SUBSCRIBE, TaskReason.SUBSCRIPTION_REMOVED, id="removed"),
        pytest.param("missed", TaskKind.SWEEP, TaskReason.MISSED, id="missed"),
        pytest.param("MISSED", TaskKind.SWEEP, TaskReason.MISSED, id="in upper case"),
    ],
)  # fmt: skip
def test_a_lifecycle_notification_becomes_a_task(kind: str, task: TaskKind, reason: TaskReason) -> None:
    """It has no resource, and sometimes `organizationId`: the clientState names the mailbox."""
    notification = item(
        lifecycleEvent=kind,
        changeType=None,
        resource=None,
        resourceData=None,
        tenantId=None,
        organizationId=TENANT,
    )
    expected = MailboxTask(mailbox=ADA, task=task, reason=reason, trace="trace-1")

    assert (expected,) == read(notification, notification).tasks


def test_one_post_may_have_both_kinds() -> None:
    """Each item is checked by itself; two equal items become one message."""
    intake = read(
        item(lifecycleEvent="missed"), item(), item(lifecycleEvent="missed"), item(changeType="deleted")
    )

    assert (len(intake.changes), len(intake.tasks), intake.rejected[Rejection.DELETED]) == (1, 1, 1)


def test_a_lifecycle_notification_of_a_stranger_is_dropped() -> None:
    """Only our own clientState creates a task."""
    intake = read(item(lifecycleEvent="missed", clientState="guess"))

    assert (intake.tasks, intake.rejected[Rejection.WRONG_CLIENT_STATE]) == ((), 1)


def test_a_notification_becomes_a_message() -> None:
    """The mailbox comes from the clientState, the event from the resource."""
    expected = EventChange(
        mailbox=ADA, event="AAMk=", source=Source.NOTIFICATION, received=NOW, trace="trace-1"
    )

    assert (expected,) == read(item()).changes


def test_duplicates_in_one_post_become_one_message() -> None:
    """One message per distinct event, with any change type."""
    intake = read(item(), item(changeType="created"), item(id="n2"), item(resourceData={"id": "AAMK="}))

    assert [change.event for change in intake.changes] == ["AAMk=", "AAMK="]
    assert intake.items == 4


@pytest.mark.parametrize(
    ("given", "event"),
    [
        pytest.param(item(resourceData=None), "AAMk=", id="no resourceData"),
        pytest.param(item(resourceData={}), "AAMk=", id="empty resourceData"),
        pytest.param(item(resourceData={"id": "other="}), "other=", id="resourceData.id comes first"),
        pytest.param(item(resource=f"users('{ADA}')/events('AAMk=')", resourceData=None), "AAMk=", id="OData keys"),
        pytest.param(item(resource=f"/users/{ADA.upper()}/events/AAMk="), "AAMk=", id="other case, leading slash"),
        pytest.param(item(resource="Users/ada@contoso.com/Events/AAMk="), "AAMk=", id="a user principal name"),
        pytest.param(item(tenantId=None, organizationId=TENANT), "AAMk=", id="organizationId for tenantId"),
        pytest.param(item(tenantId=TENANT.upper()), "AAMk=", id="tenant in capitals"),
        pytest.param(item(clientState=client_state(OLD_KEY, ADA)), "AAMk=", id="the previous key"),
        pytest.param(item(id=None, subscriptionId=None, surprise=1), "AAMk=", id="less and more than usual"),
    ],
)  # fmt: skip
def test_every_shape_that_graph_sends_is_read(given: dict[str, Any], event: str) -> None:
    """Microsoft's documentation, samples and servers differ in shape."""
    assert [event] == [change.event for change in read(given).changes]


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_an_event_whose_id_would_change_a_path_is_dropped(text: str) -> None:
    """Anywhere in the notification."""
    in_data = item(resource=None, resourceData={"id": text})
    in_resource = item(resource=f"Users/{ADA}/Events/{text}", resourceData=None)

    assert not read(in_data).changes
    assert not read(in_resource).changes


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param(None, Rejection.NOT_AN_OBJECT, id="null"),
        pytest.param("text", Rejection.NOT_AN_OBJECT, id="text"),
        pytest.param({}, Rejection.WRONG_CLIENT_STATE, id="empty"),
        pytest.param(item(clientState=None), Rejection.WRONG_CLIENT_STATE, id="no clientState"),
        pytest.param(item(clientState=7), Rejection.WRONG_CLIENT_STATE, id="clientState is a number"),
        pytest.param(item(clientState="\ud800.x"), Rejection.WRONG_CLIENT_STATE, id="a clientState with a surrogate"),
        pytest.param(item(resourceData={"id": "\ud800"}), Rejection.NO_EVENT, id="an id with a surrogate"),
        pytest.param(item(clientState=f"{ADA}.guess"), Rejection.WRONG_CLIENT_STATE, id="a guess"),
        pytest.param(item(clientState=client_state("x" * 32, ADA)), Rejection.WRONG_CLIENT_STATE, id="a foreign key"),
        pytest.param(item(tenantId="33333333-3333-4333-8333-333333333333"), Rejection.WRONG_TENANT, id="a foreign tenant"),
        pytest.param(item(tenantId=None), Rejection.WRONG_TENANT, id="no tenant"),
        pytest.param(item(tenantId=[TENANT]), Rejection.WRONG_TENANT, id="a tenant in a list"),
        pytest.param(item(clientState="ä" * 80), Rejection.WRONG_CLIENT_STATE, id="a clientState that is not ASCII"),
        pytest.param(item(lifecycleEvent=float("nan")), Rejection.UNKNOWN_KIND, id="a lifecycle event that is NaN"),
        pytest.param(item(clientState=client_state(KEY, BO)), Rejection.WRONG_MAILBOX, id="another's clientState"),
        pytest.param(item(changeType="deleted"), Rejection.DELETED, id="deleted"),
        pytest.param(item(changeType="melted"), Rejection.UNKNOWN_KIND, id="an unknown change"),
        pytest.param(item(changeType=None), Rejection.UNKNOWN_KIND, id="no change"),
        pytest.param(item(lifecycleEvent="retired", resource=None), Rejection.UNKNOWN_KIND, id="unknown lifecycle"),
        pytest.param(item(resource=f"Users/{ADA}/Calendars/C="), Rejection.NOT_AN_EVENT, id="a calendar"),
        pytest.param(item(resourceData={"@odata.type": "#Microsoft.Graph.Message", "id": "M="}), Rejection.NOT_AN_EVENT, id="a message"),
        pytest.param(item(resource=None, resourceData=None), Rejection.NO_EVENT, id="no event named"),
        pytest.param(item(resourceData={"id": "x" * 1025}), Rejection.NO_EVENT, id="an id that is too long"),
        pytest.param(item(resource="nonsense", resourceData={"id": 5}), Rejection.NO_EVENT, id="an id that is not text"),
    ],
)  # fmt: skip
def test_an_item_that_is_not_for_us_is_dropped_and_counted(given: object, reason: Rejection) -> None:
    """Each item is checked by itself: the valid one next to it is queued."""
    intake = read(given, item())

    assert Counter({reason: 1}) == intake.rejected
    assert len(intake.changes) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"x" * (2 * MAX_BODY_BYTES), 413, id="2 MiB"),
        pytest.param(b'{"value":[' + b"0," * 5_000 + b"0]}", 413, id="more items than fit in a body"),
        pytest.param(b'{"value":' + b"9" * 100_000 + b"}", 400, id="a number that is too long"),
        pytest.param(b"{", 400, id="not JSON"),
        pytest.param(b"\xff", 400, id="not text"),
        pytest.param(b"[" * 50_000, 400, id="nested too deep"),
        pytest.param(b"[]", 400, id="a list"),
        pytest.param(b'{"value": {}}', 400, id="value is not a list"),
        pytest.param(b"{}", 400, id="no value"),
    ],
)
def test_a_body_that_is_not_graphs_is_refused(body: bytes, status: int) -> None:
    """With status 400 or 413."""
    with pytest.raises(RejectedRequest) as refused:
        read_notifications(body, keys=(KEY,), tenant_id=TENANT, received=NOW, new_trace=str)

    assert status == refused.value.status


@pytest.mark.parametrize("depth", range(500, 1_000, 7))
@pytest.mark.parametrize(
    "key", ["tenantId", "clientState", "changeType", "lifecycleEvent", "resource", "resourceData"]
)
def test_a_deeply_nested_value_is_dropped(key: str, depth: int) -> None:
    """Python may read JSON that is nested too deep to print."""
    nested = "[" * depth + "]" * depth
    body = json.dumps({"value": [item(**{key: "nested"})]}).replace('"nested"', nested).encode()
    with suppress(RejectedRequest):  # too deep to read
        intake = read_notifications(body, keys=(KEY,), tenant_id=TENANT, received=NOW, new_trace=str)
        assert intake.items == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
items = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(item(), json_values) | {"lifecycleEvent": json_values}
).map(lambda odd: item() | odd)


@given(st.lists(json_values | items))
def test_every_item_is_queued_or_counted(odd: list[object]) -> None:
    """Any item is counted, and none raises another error."""
    intake = read(*odd)

    taken = len(odd) - intake.rejected.total()
    assert intake.items == len(odd)
    assert len(intake.changes) <= taken
    assert bool(intake.changes) == bool(taken)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("Validation: Testing client application reachability for subscription Request-Id: 1", id="Graph's own"),
        pytest.param("<script>alert(1)</script>", id="markup, harmless as text/plain"),
        pytest.param("é" * 2048, id="the longest"),
    ],
)  # fmt: skip
def test_the_handshake_echoes_the_token(token: str) -> None:
    """Graph creates a subscription only if its token comes back unchanged."""
    assert token == handshake_answer(token)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("x" * 2049, id="too long"),
        pytest.param("a\r\nSet-Cookie: b", id="a line break"),
        pytest.param("a\x00", id="NUL"),
    ],
)
def test_the_handshake_refuses_other_tokens(token: str) -> None:
    """Graph never sends such a token."""
    with pytest.raises(RejectedRequest) as refused:
        handshake_answer(token)

    assert refused.value.status == 400
