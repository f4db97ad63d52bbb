"""Reads what Graph posts to the webhook. Standard library only: the webhook imports this at cold start.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from shared.domain.ids import GUID, is_id
from shared.domain.messages import EventChange, MailboxTask, Source, TaskKind, TaskReason
from shared.errors import RejectedRequest
from shared.graph.protocol.client_state import mailbox_of

MAX_BODY_BYTES = 1024 * 1024
#: A notification has at least 200 bytes, so a body can't contain more.
MAX_ITEMS = 5_000
MAX_TOKEN_LENGTH = 2048

_CHANGE_TYPES = frozenset({"created", "updated"})
_LIFECYCLE_REASONS = {
    "reauthorizationrequired": TaskReason.REAUTHORIZATION_REQUIRED,
    "subscriptionremoved": TaskReason.SUBSCRIPTION_REMOVED,
    "missed": TaskReason.MISSED,
}
_TASK_KINDS = {
    TaskReason.REAUTHORIZATION_REQUIRED: TaskKind.RENEW,
    TaskReason.SUBSCRIPTION_REMOVED: TaskKind.SUBSCRIBE,
    TaskReason.MISSED: TaskKind.SWEEP,
}
_EVENT_TYPE = "#microsoft.graph.event"
# Users/{id}/Events/{id} or Users('{id}')/Events('{id}'); the case varies.
_RESOURCE = re.compile(r"/?users(?:/|\(')([^/']+)(?:'\))?/([a-z]+)(?:/|\(')([^/']+)(?:'\))?/?", re.IGNORECASE)


class Rejection(StrEnum):
    """Why a notification is dropped. The answer is still 202, so that a stranger learns nothing."""

    NOT_AN_OBJECT = "not_an_object"
    WRONG_CLIENT_STATE = "wrong_client_state"
    WRONG_TENANT = "wrong_tenant"
    WRONG_MAILBOX = "wrong_mailbox"
    DELETED = "deleted"
    UNKNOWN_KIND = "unknown_kind"
    NOT_AN_EVENT = "not_an_event"
    NO_EVENT = "no_event"


#: comes only from a stranger, a wrong key or another tenant's subscription
SUSPICIOUS = frozenset({Rejection.WRONG_CLIENT_STATE, Rejection.WRONG_TENANT, Rejection.WRONG_MAILBOX})


@dataclass(frozen=True, slots=True)
class Intake:
    """The result of one POST: a message for each distinct event, and for each distinct task for a mailbox.

    `rejected` counts the dropped ones among the `items`, by reason.
    """

    changes: tuple[EventChange, ...]
    tasks: tuple[MailboxTask, ...]
    rejected: Counter[Rejection]
    items: int

    @property
    def traces(self) -> list[str]:
        """The trace ids of all messages."""
        return [change.trace for change in self.changes] + [task.trace for task in self.tasks]


def handshake_answer(token: str) -> str:
    """Return the answer to the validation handshake: the decoded token itself.

    Raises:
        RejectedRequest: 400, the token is too long or has control characters; Graph sends neither.
    """
    if len(token) > MAX_TOKEN_LENGTH:
        raise RejectedRequest(400, f"validationToken has more than {MAX_TOKEN_LENGTH} characters")
    if not token.isprintable():
        raise RejectedRequest(400, "validationToken has control characters")
    return token


def read_notifications(
    body: bytes,
    *,
    keys: Sequence[str],
    tenant_id: str,
    received: datetime,
    new_trace: Callable[[], str],
) -> Intake:
    """Check each item of a notification POST by itself.

    `keys` are the clientState keys in force, `tenant_id` is in lower case, `received` is aware UTC.

    Raises:
        RejectedRequest: 413 for more than 1 MiB or 5,000 items, 400 where the body is not `{"value": […]}`.
    """
    items = _items(body)
    rejected: Counter[Rejection] = Counter()
    distinct: dict[_ChangedEvent | _LifecycleEvent, None] = {}
    for item in items:
        found = _read_item(item, keys, tenant_id)
        if isinstance(found, Rejection):
            rejected[found] += 1
        else:
            distinct[found] = None
    changes = tuple(
        EventChange(
            mailbox=one.mailbox,
            event=one.event,
            source=Source.NOTIFICATION,
            received=received,
            trace=new_trace(),
        )
        for one in distinct
        if isinstance(one, _ChangedEvent)
    )
    tasks = tuple(
        MailboxTask(mailbox=one.mailbox, task=_TASK_KINDS[one.reason], reason=one.reason, trace=new_trace())
        for one in distinct
        if isinstance(one, _LifecycleEvent)
    )
    return Intake(changes, tasks, rejected, len(items))


def _items(body: bytes) -> list[Any]:
    if len(body) > MAX_BODY_BYTES:
        raise RejectedRequest(413, f"the body has more than {MAX_BODY_BYTES} bytes")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RejectedRequest(400, "the body is not JSON") from error
    value = data.get("value") if isinstance(data, dict) else None
    if not isinstance(value, list):
        raise RejectedRequest(400, 'the body is not {"value": [...]}')
    if len(value) > MAX_ITEMS:
        raise RejectedRequest(413, f"the body has more than {MAX_ITEMS} notifications")
    return value


class _ChangedEvent(NamedTuple):
    """A valid change notification."""

    mailbox: str
    event: str


class _LifecycleEvent(NamedTuple):
    """A valid lifecycle notification. It names no resource; its mailbox comes from the clientState."""

    mailbox: str
    reason: TaskReason


def _read_item(
    item: object, keys: Sequence[str], tenant_id: str
) -> _ChangedEvent | _LifecycleEvent | Rejection:
    """Return what one item reports, or why it is dropped."""
    if not isinstance(item, dict):
        return Rejection.NOT_AN_OBJECT
    mailbox = mailbox_of(item.get("clientState"), keys)
    if mailbox is None:
        return Rejection.WRONG_CLIENT_STATE
    # Microsoft's own samples of lifecycle notifications have `organizationId` instead of `tenantId`.
    if _lower(item.get("tenantId") or item.get("organizationId")) != tenant_id:
        return Rejection.WRONG_TENANT
    if item.get("lifecycleEvent") is not None:
        reason = _LIFECYCLE_REASONS.get(_lower(item["lifecycleEvent"]))
        return _LifecycleEvent(mailbox, reason) if reason else Rejection.UNKNOWN_KIND
    return _change_type_rejection(item) or _changed_event(item, mailbox)


def _change_type_rejection(item: dict[str, Any]) -> Rejection | None:
    change = _lower(item.get("changeType"))
    if change == "deleted":
        return Rejection.DELETED
    return None if change in _CHANGE_TYPES else Rejection.UNKNOWN_KIND


def _changed_event(item: dict[str, Any], mailbox: str) -> _ChangedEvent | Rejection:
    data = item.get("resourceData")
    data = data if isinstance(data, dict) else {}
    match = _RESOURCE.fullmatch(item["resource"]) if isinstance(item.get("resource"), str) else None
    user, collection, last = match.groups() if match else ("", "events", "")
    if _lower(data.get("@odata.type") or _EVENT_TYPE) != _EVENT_TYPE or collection.lower() != "events":
        return Rejection.NOT_AN_EVENT
    # Only an object id is compared: whether Graph replaces a user principal name by an id is not documented.
    if GUID.fullmatch(user) and user.lower() != mailbox.lower():
        return Rejection.WRONG_MAILBOX
    event = data.get("id") or last
    return _ChangedEvent(mailbox, event) if isinstance(event, str) and is_id(event) else Rejection.NO_EVENT


def _lower(value: object) -> str:
    """Return a text in lower case, and "" for another value: it may be nested too deep to print."""
    return value.lower() if isinstance(value, str) else ""
