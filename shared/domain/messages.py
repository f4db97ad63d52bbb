"""The messages of the queues: frozen values, and their versioned JSON.

Standard library only: the webhook imports this module and must start fast.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, Self

from shared.domain.ids import is_id, is_object_id
from shared.domain.message_keys import (
    VERSION,
    kind_of,
    non_empty,
    read_choice,
    read_count,
    read_id,
    read_object,
    read_object_id,
    read_period,
    read_text,
    read_time,
)
from shared.errors import UnreadableMessage

#: the queues of event changes and of mailbox tasks; the deployment creates them under these names
EVENT_CHANGES = "event-changes"
MAILBOX_TASKS = "mailbox-tasks"


class Source(StrEnum):
    """Why an event is read."""

    NOTIFICATION = "notification"
    SWEEP = "sweep"
    BACKFILL = "backfill"
    VERIFY = "verify"
    REPLAY = "replay"


class TaskKind(StrEnum):
    """What to do for a mailbox."""

    SUBSCRIBE = "subscribe"
    RENEW = "renew"
    SWEEP = "sweep"
    UNSUBSCRIBE = "unsubscribe"


class TaskReason(StrEnum):
    """Why a task was queued."""

    #: the mailbox came into scope
    NEW = "new"
    #: it could not be watched the last time, which may have changed
    PARKED = "parked"
    #: half the lifetime of its subscription is over
    DUE = "due"
    #: its subscription has expired, or Graph did not find it
    GONE = "gone"
    #: its subscription has another notification URL or clientState key than the settings
    SETTINGS_CHANGED = "settings_changed"
    #: its sweeps find changes that no notification reported
    QUIET = "quiet"
    #: the three kinds of lifecycle notification
    REAUTHORIZATION_REQUIRED = "reauthorization_required"
    SUBSCRIPTION_REMOVED = "subscription_removed"
    MISSED = "missed"
    #: it was not watched for a while
    GAP = "gap"
    #: it is swept every few hours
    SCHEDULE = "schedule"
    LEFT_SCOPE = "left_scope"
    #: the directory shows an account without a calendar of its own, such as a guest or a disabled one
    UNUSABLE = "unusable"


class BatchedChange(NamedTuple):
    """A change in the message of another change: both came in the same POST."""

    mailbox: str
    event: str
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChange:
    """An event of a mailbox may have changed: read it.

    `batched` are further changes of the same POST, if there was no time to send a message for each; `split`
    separates them.
    """

    #: object id of the user
    mailbox: str
    event: str
    source: Source
    #: when the notification arrived, or the search found the event; aware, UTC
    received: datetime
    #: shared by all log lines of this change
    trace: str
    #: failed attempts to process it
    attempt: int = 0
    #: how often Graph did not find the event
    not_found: int = 0
    #: how often it waited for a throttle or a circuit breaker, which is not a failure
    waits: int = 0
    #: how often the host delivered it again without an error of ours
    returns: int = 0
    batched: tuple[BatchedChange, ...] = ()
    #: how often an unexpected error ended its handling
    errors: int = 0
    #: when it was first queued, by the queue service's clock; None if unknown
    queued: datetime | None = None
    #: of a sweep: notifications should have reported a change between these two times
    watched: tuple[datetime, datetime] | None = None

    def split(self) -> "tuple[EventChange, ...]":
        """Return this change and its batched changes, each in a message of its own."""
        return (
            replace(self, batched=()),
            *(
                EventChange(
                    mailbox=each.mailbox,
                    event=each.event,
                    source=self.source,
                    received=self.received,
                    trace=each.trace,
                    queued=self.queued,
                )
                for each in self.batched
            ),
        )

    def encode(self) -> str:
        """Return the message as compact JSON; `decode` gives the same value back."""
        queued = self.queued.astimezone(UTC).isoformat() if self.queued else ""
        return json.dumps(
            {
                "v": VERSION,
                "mailbox": self.mailbox,
                "event": self.event,
                "source": self.source,
                "received": self.received.astimezone(UTC).isoformat(),
                "attempt": self.attempt,
                "not_found": self.not_found,
                "trace": self.trace,
                **non_empty(
                    waits=self.waits,
                    returns=self.returns,
                    fellows=self.batched,
                    errors=self.errors,
                    queued=queued,
                    watched=tuple(moment.astimezone(UTC).isoformat() for moment in self.watched or ()),
                ),
            },
            separators=(",", ":"),
        )

    @classmethod
    def decode(cls, body: str | bytes) -> Self:
        """Return the message that a JSON text holds.

        Raises:
            LaterVersion: a later version wrote it, or it has a value that only a later version knows.
            UnreadableMessage: it is not JSON, or a key is missing or wrong.
        """
        data = read_object(body)
        try:
            return cls(
                mailbox=read_object_id(data, "mailbox"),
                event=read_id(data, "event"),
                source=read_choice(Source, data, "source"),
                received=read_time(data, "received"),
                attempt=read_count(data, "attempt"),
                not_found=read_count({"not_found": 0, **data}, "not_found"),
                trace=read_text(data, "trace"),
                waits=read_count({"waits": 0, **data}, "waits"),
                returns=read_count({"returns": 0, **data}, "returns"),
                batched=_batched(data.get("fellows", [])),
                errors=read_count({"errors": 0, **data}, "errors"),
                queued=read_time(data, "queued") if "queued" in data else None,
                watched=read_period(data, "watched"),
            )
        except ValueError as error:
            raise UnreadableMessage(f"the message can't be read: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxTask:
    """A task for a mailbox; done already, it has no effect.

    The counts are those of `EventChange`. `mark` is where a sweep continues, empty at its beginning.
    """

    #: object id of the user
    mailbox: str
    task: TaskKind
    reason: TaskReason
    #: shared by all log lines of this task
    trace: str
    attempt: int = 0
    waits: int = 0
    returns: int = 0
    errors: int = 0
    mark: str = ""

    def encode(self) -> str:
        """Return the message as compact JSON; `decode` gives the same value back."""
        return json.dumps(
            {
                "v": VERSION,
                "mailbox": self.mailbox,
                "task": self.task,
                "reason": self.reason,
                "attempt": self.attempt,
                "trace": self.trace,
                **non_empty(waits=self.waits, returns=self.returns, errors=self.errors, mark=self.mark),
            },
            separators=(",", ":"),
        )

    @classmethod
    def decode(cls, body: str | bytes) -> Self:
        """Return the message that a JSON text holds.

        Raises:
            LaterVersion: a later version wrote it, or it has a value that only a later version knows.
            UnreadableMessage: it is not JSON, or a key is missing or wrong.
        """
        data = read_object(body)
        try:
            return cls(
                mailbox=read_object_id(data, "mailbox"),
                task=read_choice(TaskKind, data, "task"),
                reason=read_choice(TaskReason, data, "reason"),
                attempt=read_count(data, "attempt"),
                trace=read_text(data, "trace"),
                waits=read_count({"waits": 0, **data}, "waits"),
                returns=read_count({"returns": 0, **data}, "returns"),
                errors=read_count({"errors": 0, **data}, "errors"),
                mark=read_text(data, "mark") if "mark" in data else "",
            )
        except ValueError as error:
            raise UnreadableMessage(f"the message can't be read: {error}") from error


Message = EventChange | MailboxTask
#: the class of the messages of each queue
KINDS: Mapping[str, type[EventChange] | type[MailboxTask]] = {
    EVENT_CHANGES: EventChange,
    MAILBOX_TASKS: MailboxTask,
}


def decode_or_none(queue: str, body: str | bytes) -> Message | None:
    """Return a message of `queue`, None if it can't be read."""
    try:
        return KINDS[queue].decode(body)
    except UnreadableMessage:
        return None


def _batched(value: object) -> tuple[BatchedChange, ...]:
    match value:
        case [*changes]:
            return tuple(_batched_change(each) for each in changes)
    raise ValueError(f"'fellows' is {kind_of(value)}: expected a list")


def _batched_change(value: object) -> BatchedChange:
    match value:
        case [str(mailbox), str(event), str(trace)] if is_object_id(mailbox) and is_id(event) and trace:
            return BatchedChange(mailbox, event, trace)
    raise ValueError("'fellows' has an item that is not [mailbox, event, trace]")
