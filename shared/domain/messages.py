"""The messages on our queues: versioned JSON, small, frozen.

Standard library only: the webhook imports this, and its cold start is counted in tenths of a second.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, Self

from shared.domain.ids import is_id
from shared.domain.message_keys import (
    VERSION,
    count_at,
    current,
    id_at,
    moment_at,
    one_of,
    optional,
    shown,
    text_at,
)
from shared.errors import UnreadableMessage

#: the queues that event changes and mailbox tasks travel on; infra makes them under these names
EVENT_CHANGES = "event-changes"
MAILBOX_TASKS = "mailbox-tasks"


class Source(StrEnum):
    """What made us look at an event."""

    NOTIFICATION = "notification"
    SWEEP = "sweep"
    BACKFILL = "backfill"
    VERIFY = "verify"
    REPLAY = "replay"


class TaskKind(StrEnum):
    """What is to be done for a mailbox."""

    SUBSCRIBE = "subscribe"
    RENEW = "renew"
    SWEEP = "sweep"
    UNSUBSCRIBE = "unsubscribe"


class TaskReason(StrEnum):
    """Why it is to be done."""

    #: the mailbox came into scope
    NEW = "new"
    #: it could not be watched the last time; that may have changed
    PARKED = "parked"
    #: half the life of its subscription is over
    DUE = "due"
    #: its subscription has expired, or was gone when it was looked at
    GONE = "gone"
    #: it notifies another address, or proves itself by another key, than the settings say
    SETTINGS_CHANGED = "settings_changed"
    #: its sweeps find changes of which no notification told
    QUIET = "quiet"
    #: Graph says so: the three kinds of lifecycle notification
    REAUTHORIZATION_REQUIRED = "reauthorization_required"
    SUBSCRIPTION_REMOVED = "subscription_removed"
    MISSED = "missed"
    #: it was not watched for a while
    GAP = "gap"
    #: it is swept every few hours
    SCHEDULE = "schedule"
    LEFT_SCOPE = "left_scope"
    #: the directory says that nobody keeps a calendar there: a guest, a disabled account
    UNUSABLE = "unusable"


class BatchedChange(NamedTuple):
    """A further change in the message of another change of the same POST."""

    mailbox: str
    event: str
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChange:
    """Look at this event of this mailbox: it may have changed.

    `mailbox` is the user's object id, `received` the aware UTC moment at which we were told, `attempt`
    how often the look has failed, `not_found` how often the event was not there, `trace` the id that all
    log lines of this change share. `waits` counts waiting for a throttle or a breaker, which is no failure;
    `returns` how often the message came back without an error of ours, `errors` how often one that nobody
    expected ended its handling. `queued` is when it was first put on its queue, by the queue service's time;
    None where the service did not say. `batched` are further changes of the same POST, when there was no
    time for a message each; `split` separates them.
    """

    mailbox: str
    event: str
    source: Source
    received: datetime
    trace: str
    attempt: int = 0
    not_found: int = 0
    waits: int = 0
    returns: int = 0
    batched: tuple[BatchedChange, ...] = ()
    errors: int = 0
    queued: datetime | None = None

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
                **optional(
                    waits=self.waits,
                    returns=self.returns,
                    fellows=self.batched,
                    errors=self.errors,
                    queued=queued,
                ),
            },
            separators=(",", ":"),
        )

    @classmethod
    def decode(cls, body: str | bytes) -> Self:
        """Read a message from its queue text.

        Raises:
            LaterVersion: a later version wrote it, or it holds a word that only a later version knows.
            UnreadableMessage: it is not JSON, or lacks something.
        """
        data = current(body)
        try:
            return cls(
                mailbox=id_at(data, "mailbox"),
                event=id_at(data, "event"),
                source=one_of(Source, data, "source"),
                received=moment_at(data, "received"),
                attempt=count_at(data, "attempt"),
                not_found=count_at({"not_found": 0, **data}, "not_found"),
                trace=text_at(data, "trace"),
                waits=count_at({"waits": 0, **data}, "waits"),
                returns=count_at({"returns": 0, **data}, "returns"),
                batched=_batched(data.get("fellows", [])),
                errors=count_at({"errors": 0, **data}, "errors"),
                queued=moment_at(data, "queued") if "queued" in data else None,
            )
        except ValueError as error:
            raise UnreadableMessage(f"the message can't be read: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxTask:
    """Do this for a mailbox, unless it is done already.

    `mailbox` is the user's object id, `attempt` how often it has failed, `trace` the id that all log lines
    of this task share; `waits`, `returns` and `errors` are those of `EventChange`. `mark` is where a sweep
    continues, empty at its beginning.
    """

    mailbox: str
    task: TaskKind
    reason: TaskReason
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
                **optional(waits=self.waits, returns=self.returns, errors=self.errors, mark=self.mark),
            },
            separators=(",", ":"),
        )

    @classmethod
    def decode(cls, body: str | bytes) -> Self:
        """Read a message from its queue text.

        Raises:
            LaterVersion: a later version wrote it, or it holds a word that only a later version knows.
            UnreadableMessage: it is not JSON, or lacks something.
        """
        data = current(body)
        try:
            return cls(
                mailbox=id_at(data, "mailbox"),
                task=one_of(TaskKind, data, "task"),
                reason=one_of(TaskReason, data, "reason"),
                attempt=count_at(data, "attempt"),
                trace=text_at(data, "trace"),
                waits=count_at({"waits": 0, **data}, "waits"),
                returns=count_at({"returns": 0, **data}, "returns"),
                errors=count_at({"errors": 0, **data}, "errors"),
                mark=text_at(data, "mark") if "mark" in data else "",
            )
        except ValueError as error:
            raise UnreadableMessage(f"the message can't be read: {error}") from error


Message = EventChange | MailboxTask
#: what the messages of each queue are
KINDS: Mapping[str, type[EventChange] | type[MailboxTask]] = {
    EVENT_CHANGES: EventChange,
    MAILBOX_TASKS: MailboxTask,
}


def decoded(queue: str, body: str | bytes) -> Message | None:
    """Return a message of `queue`, None where it can't be read."""
    try:
        return KINDS[queue].decode(body)
    except UnreadableMessage:
        return None


def _batched(value: object) -> tuple[BatchedChange, ...]:
    match value:
        case [*changes]:
            return tuple(_batched_change(each) for each in changes)
    raise ValueError(f"'fellows' is {shown(value)}, a list is due")


def _batched_change(value: object) -> BatchedChange:
    match value:
        case [str(mailbox), str(event), str(trace)] if is_id(mailbox) and is_id(event) and trace:
            return BatchedChange(mailbox, event, trace)
    raise ValueError("'fellows' has something else than mailbox, event and trace")
