"""The errors of Joinlink, each named by what its catcher does next.

    JoinlinkError
    ├── SettingsError              the admin mends the settings; nothing works before
    ├── UnreadableMessage          the queue message goes to poison
    │   └── LaterVersion           the message waits a day for the version that wrote it
    ├── SecondLook                 one answer speaks against a mailbox: look again some minutes later
    ├── OutOfTime                  the message has had its minute: it is sent again
    ├── QueueUnavailable           Graph is told 503 and delivers again
    ├── StorageUnavailable         try again with backoff
    │   └── TableMissing           the memory of writes is gone: write nothing
    ├── Unhandled                  the host gives the message again
    ├── DeskDiffers                the admin gives the command the app's own settings
    ├── StateChanged               somebody else wrote the same row: read and decide again
    ├── RejectedRequest            an HTTP request is answered with `.status`
    └── GraphError
        ├── Throttled              try again after `.retry_after`; not a failure
        ├── GraphUnavailable       try again with backoff
        │   └── NotConnected       the same; the call was surely never sent
        │       └── GraphPaused    wait for `.retry_after`; not a failure
        ├── Unauthorized           somebody must mend the credential; try again with backoff
        ├── EventNotFound          look again twice, then it is gone
        ├── EventChanged           the event moved under our PATCH: read and decide again
        ├── SubscriptionNotFound   it is gone for good: make another
        ├── SubscriptionExists     take over the one named `.subscription`, or look for it
        ├── NotValidated           our endpoint did not answer the handshake: try again with backoff
        ├── Forbidden              final for this event; the mailbox is marked
        │   ├── MailboxFull        the mailbox is over its quota: try again hourly for a day
        │   └── SubscriptionLimit  no further subscription is allowed: try again hourly
        ├── MailboxUnusable        final for this event; the mailbox is marked
        └── UnexpectedAnswer       final: we don't understand Graph; poison, loud
            └── UnreadableEvent    one event has an odd shape: leave it alone, go on with the others

Texts never hold what people wrote: Graph's `error.message` may name an address, so it is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta


class JoinlinkError(Exception):
    """Base of all errors that Joinlink raises itself."""


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """What is wrong with one setting, and what to do; `text` follows the name and never shows the value."""

    setting: str
    text: str

    def __str__(self) -> str:
        return f"{self.setting} {self.text}"


class SettingsError(JoinlinkError):
    """One or more settings are missing or malformed; `problems` names every one of them."""

    def __init__(self, problems: Iterable[SettingProblem]) -> None:
        self.problems = tuple(problems)
        self.headline = "Joinlink can't start until these settings are fixed:"
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"{self.headline}{lines}")


class UnreadableMessage(JoinlinkError):
    """A queue message is not one of ours, or is from another version."""


class LaterVersion(UnreadableMessage):
    """A queue message was written by a later version of Joinlink."""


class SecondLook(JoinlinkError):
    """One answer of Graph speaks against a mailbox; another some minutes later decides."""


class OutOfTime(JoinlinkError):
    """The time for a message is over (`shared.deadline`)."""


class QueueUnavailable(JoinlinkError):
    """The storage queue did not take a message."""


class StorageUnavailable(JoinlinkError):
    """A table could not be read or written."""


class TableMissing(StorageUnavailable):
    """A table that does not create itself is not there."""


class Unhandled(JoinlinkError):
    """A message could not be handled; the text names the places, never what people wrote."""


class DeskDiffers(JoinlinkError):
    """A command at a desk goes by other rules or settings than the app; the text says what to do."""


class StateChanged(JoinlinkError):
    """A table row changed between our read and our write."""


class RejectedRequest(JoinlinkError):
    """An HTTP request that is refused, with the status that says why."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(text)


class GraphError(JoinlinkError):
    """Graph refused a call or could not be reached.

    `status` is None where no answer came; `code` is Graph's own word; `request_id` is what Microsoft's
    support asks for.
    """

    def __init__(
        self,
        call: str,
        *,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        detail: str = "",
    ) -> None:
        self.call = call
        self.status = status
        self.code = code
        self.request_id = request_id
        self.detail = detail
        facts = [
            f"status {status}" if status is not None else "no answer",
            code,
            detail,
            f"request-id {request_id}" if request_id else "",
        ]
        super().__init__(f"{call}: {', '.join(fact for fact in facts if fact)}")


class Throttled(GraphError):
    """Graph asks us to wait."""

    def __init__(self, call: str, *, retry_after: timedelta, status: int, code: str, request_id: str) -> None:
        self.retry_after = retry_after
        super().__init__(call, status=status, code=code, request_id=request_id)


class GraphUnavailable(GraphError):
    """The network, a timeout or a 5xx stood between us and an answer."""


class NotConnected(GraphUnavailable):
    """No connection was made, so the request surely did not reach Graph."""


class GraphPaused(NotConnected):
    """Graph fails for many mailboxes, so calls wait for `retry_after`; none was sent."""

    def __init__(self, call: str, *, retry_after: timedelta) -> None:
        self.retry_after = retry_after
        super().__init__(call, detail="calls wait until Graph answers again")


class Unauthorized(GraphError):
    """No token could be had, or Graph refuses a fresh one."""


class EventNotFound(GraphError):
    """The event (or its calendar) is not there now."""


class EventChanged(GraphError):
    """412: the event changed between our GET and our PATCH."""


class SubscriptionNotFound(GraphError):
    """Graph does not know the subscription (any more)."""


class SubscriptionExists(GraphError):
    """409: we have such a subscription already; `subscription` is its id, empty where Graph names none."""

    def __init__(self, call: str, *, subscription: str, status: int, code: str, request_id: str) -> None:
        self.subscription = subscription
        super().__init__(call, status=status, code=code, request_id=request_id)


class NotValidated(GraphError):
    """Our notification URL did not answer Graph's handshake in time, or not as it should."""


class Forbidden(GraphError):
    """403: a permission, a policy or a scope keeps us out of this mailbox."""


class MailboxFull(Forbidden):
    """403 `ErrorQuotaExceeded`: the mailbox is over its quota, which passes."""


class SubscriptionLimit(Forbidden):
    """403 with a message that names the limit on subscriptions."""


class MailboxUnusable(GraphError):
    """There is no mailbox that Graph can serve: unlicensed, on-premises, soft-deleted."""


class UnexpectedAnswer(GraphError):
    """Graph refused for good, or answered in a shape that we don't understand."""


class UnreadableEvent(UnexpectedAnswer):
    """Graph shows one event in a shape that we don't understand."""
