"""The calls about subscriptions, and what Graph's answers to them mean."""

import json
from datetime import UTC, datetime

import pytest

from shared.errors import (
    Forbidden,
    GraphError,
    GraphUnavailable,
    MailboxUnusable,
    NotValidated,
    SubscriptionExists,
    SubscriptionLimit,
    SubscriptionNotFound,
    SubscriptionTooLong,
    UnexpectedAnswer,
)
from shared.graph.protocol import subscription_calls
from shared.graph.protocol.answers import read_answer
from shared.graph.protocol.call import GraphCall
from shared.graph.protocol.client_state import client_state

ADA = "aaaaaaaa-0000-4000-8000-000000000001"
SUBSCRIPTION = "22222222-2222-4222-8222-222222222222"
LATER = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
CREATE = subscription_calls.create_subscription(
    ADA,
    change_type="created,updated",
    url="https://joinlink.example/api/notifications?code=k",
    client_state=client_state("k" * 32, ADA),
    expires=LATER,
)
RENEW = subscription_calls.renew_subscription(SUBSCRIPTION, expires=LATER)


def refusal(code: str, message: str) -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


@pytest.mark.parametrize(
    ("call", "status", "body", "expected"),
    [
        pytest.param(CREATE, 400, refusal("InvalidRequest", "Subscription validation request timed out."), NotValidated, id="a cold start"),
        pytest.param(CREATE, 400, refusal("ValidationError", "must respond with 200 OK"), NotValidated, id="a handshake that failed"),
        *(
            pytest.param(CREATE, 400, refusal(code, text), NotValidated, id=text[:40])
            for code, text in [
                ("ValidationError", "Subscription validation request failed. HTTP status code is 'Forbidden'."),
                ("InvalidRequest", "The underlying connection was closed: An unexpected error occurred on a send."),
                ("ValidationError", "The remote name could not be resolved: 'app.azurewebsites.net'"),
                ("InvalidRequest", "The SSL connection could not be established, see inner exception."),
                ("InvalidRequest", "TLS handshake failed"),
                ("BadRequest", "The operation has timed out."),
                ("BadRequest", "Unable to connect to the remote server"),
            ]
        ),
        pytest.param(CREATE, 400, refusal("ValidationError", "The value of expirationDateTime is invalid."), SubscriptionTooLong, id="a bare ValidationError"),
        pytest.param(CREATE, 400, refusal("ValidationError", "latestSupportedTlsVersion is not one of the values."), UnexpectedAnswer, id="a property named after TLS"),
        pytest.param(CREATE, 403, refusal("ExtensionError", "Operation: Create; Exception: [Status Code: Forbidden; Reason: Maximum number of subscriptions reached]"), SubscriptionLimit, id="too many"),
        pytest.param(CREATE, 403, refusal("Forbidden", "The limit of 1000 active subscriptions is exceeded"), SubscriptionLimit, id="too many, with another message"),
        pytest.param(CREATE, 404, refusal("MailboxNotSupportedForRESTAPI", ""), MailboxUnusable, id="a mailbox without REST"),
        pytest.param(RENEW, 400, b"", GraphUnavailable, id="an empty 400"),
        pytest.param(RENEW, 404, b"<html>", GraphUnavailable, id="a proxy's 404"),
        pytest.param(CREATE, 400, refusal("InvalidRequest", "The resource is not supported."), UnexpectedAnswer, id="an invalid request"),
        pytest.param(CREATE, 400, refusal("ExtensionError", "Subscription expiration can only be 4230 minutes in the future."), SubscriptionTooLong, id="too long"),
        pytest.param(CREATE, 403, refusal("ExtensionError", "Subscription expiration can only be 4230 minutes in the future."), SubscriptionTooLong, id="too long, with another status"),
        pytest.param(CREATE, 400, refusal("InvalidRequest", "The 'expirationDateTime' is in the past."), UnexpectedAnswer, id="in the past"),
        pytest.param(CREATE, 403, refusal("ExtensionError", "Access to OData is disabled"), Forbidden, id="a policy"),
        pytest.param(CREATE, 404, refusal("ExtensionError", "REST API is not yet supported for this mailbox."), MailboxUnusable, id="no mailbox"),
        pytest.param(CREATE, 409, refusal("Conflict", "Subscription Id <x> already exists"), SubscriptionExists, id="it exists already"),
        pytest.param(RENEW, 404, refusal("ResourceNotFound", "The object was not found."), SubscriptionNotFound, id="it no longer exists"),
    ],
)  # fmt: skip
def test_a_refusal_has_the_error_of_its_call(
    call: GraphCall, status: int, body: bytes, expected: type[GraphError]
) -> None:
    """The same status means different things to different calls."""
    with pytest.raises(GraphError) as raised:
        read_answer(call, status, {}, body)

    assert type(raised.value) is expected


def test_the_existing_subscription_is_named() -> None:
    """Graph writes its id into the message; the error leaves out the rest of the message."""
    body = refusal("Conflict", f"Subscription Id <{SUBSCRIPTION}> of ada@contoso.com already exists")
    with pytest.raises(SubscriptionExists) as raised:
        read_answer(CREATE, 409, {}, body)

    assert raised.value.subscription == SUBSCRIPTION
    assert "ada@" not in str(raised.value)


def test_a_deletion_is_answered_without_a_body() -> None:
    assert read_answer(subscription_calls.delete_subscription(SUBSCRIPTION), 204, {}, b"") == {}


def test_a_new_subscription_has_all_properties() -> None:
    """Both URLs, immutable ids, and a clientState of at most 128 characters."""
    assert CREATE.headers["Prefer"] == 'IdType="ImmutableId"'
    assert CREATE.json is not None
    assert CREATE.json["resource"] == f"users/{ADA}/events"
    assert CREATE.json["notificationUrl"] == CREATE.json["lifecycleNotificationUrl"]
    assert CREATE.json["expirationDateTime"] == "2026-11-30T03:00:00Z"
    assert len(str(CREATE.json["clientState"])) <= 128


@pytest.mark.parametrize(
    ("resource", "mailbox"),
    [
        pytest.param(f"users/{ADA}/events", ADA, id="ours"),
        pytest.param(f"/Users('{ADA.upper()}')/Events", ADA, id="in Graph's other form"),
        pytest.param(f"users/{ADA}/messages", None, id="of messages"),
        pytest.param("", None, id="empty"),
    ],
)
def test_the_mailbox_is_read_from_the_resource(resource: str, mailbox: str | None) -> None:
    assert subscription_calls.watched_mailbox(resource) == mailbox
