"""The messages on our queues: versioned JSON, small, frozen.

Standard library only: the webhook imports this, and its cold start is counted in tenths of a second.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple, Self, TypeVar

from shared.domain.ids import is_id
from shared.errors import LaterVersion, UnreadableMessage

VERSION = 1
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


class Fellow(NamedTuple):
    """A further change that travels in the message of another one of the same POST."""

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
    None where the service did not say. `fellows` are changes that had no time for messages of their own;
    `apart` gives them some.
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
    fellows: tuple[Fellow, ...] = ()
    errors: int = 0
    queued: datetime | None = None

    def apart(self) -> "tuple[EventChange, ...]":
        """Return this change and its fellows, each in a message of its own."""
        return (
            replace(self, fellows=()),
            *(
                EventChange(
                    mailbox=fellow.mailbox,
                    event=fellow.event,
                    source=self.source,
                    received=self.received,
                    trace=fellow.trace,
                    queued=self.queued,
                )
                for fellow in self.fellows
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
                **_optional(
                    waits=self.waits,
                    returns=self.returns,
                    fellows=self.fellows,
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
        data = _current(body)
        try:
            return cls(
                mailbox=_id(data, "mailbox"),
                event=_id(data, "event"),
                source=_one_of(Source, data, "source"),
                received=_moment(data, "received"),
                attempt=_count(data, "attempt"),
                not_found=_count({"not_found": 0, **data}, "not_found"),
                trace=_text(data, "trace"),
                waits=_count({"waits": 0, **data}, "waits"),
                returns=_count({"returns": 0, **data}, "returns"),
                fellows=_fellows(data.get("fellows", [])),
                errors=_count({"errors": 0, **data}, "errors"),
                queued=_moment(data, "queued") if "queued" in data else None,
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
                **_optional(waits=self.waits, returns=self.returns, errors=self.errors, mark=self.mark),
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
        data = _current(body)
        try:
            return cls(
                mailbox=_id(data, "mailbox"),
                task=_one_of(TaskKind, data, "task"),
                reason=_one_of(TaskReason, data, "reason"),
                attempt=_count(data, "attempt"),
                trace=_text(data, "trace"),
                waits=_count({"waits": 0, **data}, "waits"),
                returns=_count({"returns": 0, **data}, "returns"),
                errors=_count({"errors": 0, **data}, "errors"),
                mark=_text(data, "mark") if "mark" in data else "",
            )
        except ValueError as error:
            raise UnreadableMessage(f"the message can't be read: {error}") from error


Message = EventChange | MailboxTask
#: what the messages of each queue are
KINDS: Mapping[str, type[EventChange] | type[MailboxTask]] = {
    EVENT_CHANGES: EventChange,
    MAILBOX_TASKS: MailboxTask,
}
_Words = TypeVar("_Words", bound=StrEnum)


def decoded(queue: str, body: str | bytes) -> Message | None:
    """Return a message of `queue`, None where it can't be read."""
    try:
        return KINDS[queue].decode(body)
    except UnreadableMessage:
        return None


def _optional(**keys: int | str | tuple[Fellow, ...]) -> dict[str, object]:
    """Return the keys that say something. A version that does not know one passes it over."""
    return {name: value for name, value in keys.items() if value}


def _current(body: str | bytes) -> dict[str, Any]:
    """Return the JSON object of a message of this version."""
    try:
        data = json.loads(body if isinstance(body, str) else body.decode())
    except (ValueError, RecursionError) as error:
        raise UnreadableMessage("the message is not JSON") from error
    if not isinstance(data, dict):
        raise UnreadableMessage("the message is JSON, but no object")
    version = data.get("v")
    if version != VERSION or isinstance(version, bool):
        is_later = isinstance(version, int) and version > VERSION
        kind = LaterVersion if is_later else UnreadableMessage
        raise kind(f"the message has version {_shown(version)}, this is {VERSION}")
    return data


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key!r} is {_shown(value)}, text is due")
    return value


def _id(data: dict[str, Any], key: str) -> str:
    value = _text(data, key)
    if not is_id(value):
        raise ValueError(f"{key!r} is not an id that Graph gives")
    return value


def _fellows(value: object) -> tuple[Fellow, ...]:
    match value:
        case [*fellows]:
            return tuple(_fellow(one) for one in fellows)
    raise ValueError(f"'fellows' is {_shown(value)}, a list is due")


def _fellow(value: object) -> Fellow:
    match value:
        case [str(mailbox), str(event), str(trace)] if is_id(mailbox) and is_id(event) and trace:
            return Fellow(mailbox, event, trace)
    raise ValueError("'fellows' has something else than mailbox, event and trace")


def _one_of(words: type[_Words], data: dict[str, Any], key: str) -> _Words:
    value = _text(data, key)
    if value not in set(words):
        raise LaterVersion(f"the message can't be read: {key!r} is none of {', '.join(words)}")
    return words(value)


def _count(data: dict[str, Any], key: str) -> int:
    value = data.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{key!r} is {_shown(value)}, a number from 0 up is due")
    return value


def _moment(data: dict[str, Any], key: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(data, key))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # the foreign text stays out of the error
    raise ValueError(f"{key!r} is no moment with a UTC offset")


def _shown(value: object) -> str:
    """Name a foreign value by its kind, not its content: it may hold what people wrote."""
    return "missing" if value is None else f"{value}"[:20] if isinstance(value, int) else type(value).__name__
