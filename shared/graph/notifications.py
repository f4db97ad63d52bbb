"""What Graph posts to our webhook, read without I/O. Standard library only: this is on the cold path.

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
from shared.graph.client_state import mailbox_of

MAX_BODY_BYTES = 1024 * 1024
#: A notification has at least 200 bytes, so no more of them fit in a body.
MAX_ITEMS = 5_000
MAX_TOKEN_LENGTH = 2048

_CHANGES = frozenset({"created", "updated"})
_REASONS = {
    "reauthorizationrequired": TaskReason.REAUTHORIZATION_REQUIRED,
    "subscriptionremoved": TaskReason.SUBSCRIPTION_REMOVED,
    "missed": TaskReason.MISSED,
}
_TASKS = {
    TaskReason.REAUTHORIZATION_REQUIRED: TaskKind.RENEW,
    TaskReason.SUBSCRIPTION_REMOVED: TaskKind.SUBSCRIBE,
    TaskReason.MISSED: TaskKind.SWEEP,
}
_EVENT_TYPE = "#microsoft.graph.event"
# Users/{id}/Events/{id} or Users('{id}')/Events('{id}'); the case of the words varies.
_RESOURCE = re.compile(r"/?users(?:/|\(')([^/']+)(?:'\))?/([a-z]+)(?:/|\(')([^/']+)(?:'\))?/?", re.IGNORECASE)


class Rejection(StrEnum):
    """Why one notification is dropped. Graph is told 202 all the same, so that a stranger learns nothing."""

    NOT_AN_OBJECT = "not_an_object"
    WRONG_CLIENT_STATE = "wrong_client_state"
    WRONG_TENANT = "wrong_tenant"
    WRONG_MAILBOX = "wrong_mailbox"
    DELETED = "deleted"
    UNKNOWN_KIND = "unknown_kind"
    NOT_AN_EVENT = "not_an_event"
    NO_EVENT = "no_event"


#: what only a stranger, a wrong key or another tenant's subscription sends
SUSPICIOUS = frozenset({Rejection.WRONG_CLIENT_STATE, Rejection.WRONG_TENANT, Rejection.WRONG_MAILBOX})


@dataclass(frozen=True, slots=True)
class Intake:
    """One POST, judged: a message for each distinct event, and for each distinct thing to do for a mailbox.

    `rejected` tells how many of the `items` were dropped and why.
    """

    changes: tuple[EventChange, ...]
    tasks: tuple[MailboxTask, ...]
    rejected: Counter[Rejection]
    items: int

    @property
    def traces(self) -> list[str]:
        """The ids under which all of it goes on."""
        return [change.trace for change in self.changes] + [task.trace for task in self.tasks]


def echo(token: str) -> str:
    """Return what the validation handshake answers: the decoded token itself.

    Raises:
        RejectedRequest: 400, the token is absurdly long or has control characters; Graph sends neither.
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
    """Judge each item of a notification POST alone.

    `keys` are the clientState keys in force, `tenant_id` is lower-case, `received` aware UTC.

    Raises:
        RejectedRequest: 413 for more than 1 MiB or 5,000 items, 400 where the body is not `{"value": […]}`.
    """
    items = _items(body)
    rejected: Counter[Rejection] = Counter()
    distinct: dict[_Change | _Lifecycle, None] = {}
    for item in items:
        found = _judge(item, keys, tenant_id)
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
        if isinstance(one, _Change)
    )
    tasks = tuple(
        MailboxTask(mailbox=one.mailbox, task=_TASKS[one.reason], reason=one.reason, trace=new_trace())
        for one in distinct
        if isinstance(one, _Lifecycle)
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


class _Change(NamedTuple):
    """A change notification that is for us."""

    mailbox: str
    event: str


class _Lifecycle(NamedTuple):
    """A lifecycle notification that is for us; it names no resource, but the clientState the mailbox."""

    mailbox: str
    reason: TaskReason


def _judge(item: object, keys: Sequence[str], tenant_id: str) -> _Change | _Lifecycle | Rejection:
    """Return what one item tells, or why it is dropped."""
    if not isinstance(item, dict):
        return Rejection.NOT_AN_OBJECT
    mailbox = mailbox_of(item.get("clientState"), keys)
    if mailbox is None:
        return Rejection.WRONG_CLIENT_STATE
    # Lifecycle samples in Microsoft's own pages carry `organizationId` in place of `tenantId`.
    if _lower(item.get("tenantId") or item.get("organizationId")) != tenant_id:
        return Rejection.WRONG_TENANT
    if item.get("lifecycleEvent") is not None:
        reason = _REASONS.get(_lower(item["lifecycleEvent"]))
        return _Lifecycle(mailbox, reason) if reason else Rejection.UNKNOWN_KIND
    return _kind(item) or _event_of(item, mailbox)


def _kind(item: dict[str, Any]) -> Rejection | None:
    change = _lower(item.get("changeType"))
    if change == "deleted":
        return Rejection.DELETED
    return None if change in _CHANGES else Rejection.UNKNOWN_KIND


def _event_of(item: dict[str, Any], mailbox: str) -> _Change | Rejection:
    data = item.get("resourceData")
    data = data if isinstance(data, dict) else {}
    match = _RESOURCE.fullmatch(item["resource"]) if isinstance(item.get("resource"), str) else None
    user, collection, last = match.groups() if match else ("", "events", "")
    if _lower(data.get("@odata.type") or _EVENT_TYPE) != _EVENT_TYPE or collection.lower() != "events":
        return Rejection.NOT_AN_EVENT
    # Only an object id can contradict: whether a user principal name comes back as an id is not documented.
    if GUID.fullmatch(user) and user.lower() != mailbox.lower():
        return Rejection.WRONG_MAILBOX
    event = data.get("id") or last
    return _Change(mailbox, event) if isinstance(event, str) and is_id(event) else Rejection.NO_EVENT


def _lower(value: object) -> str:
    """Return a text in lower case, and nothing for what is no text: it may be nested beyond printing."""
    return value.lower() if isinstance(value, str) else ""
