"""The errors of Joinlink. The class of an error decides what its handler does next.

    JoinlinkError
    ├── SettingsError              an admin must fix the settings first
    ├── UnreadableMessage          move the queue message to the poison queue
    │   └── LaterVersion           keep the message for a day, for the version that wrote it
    ├── SecondLook                 one answer suggests that a mailbox is unusable: read again minutes later
    ├── OutOfTime                  the message has had its minute: enqueue it again
    ├── QueueUnavailable           answer 503, so that Graph delivers again
    ├── StorageUnavailable         retry with backoff
    │   └── TableMissing           the record of past writes is gone: write nothing
    ├── Unhandled                  the host delivers the message again
    ├── DeskDiffers                an admin must give the command the app's own settings
    ├── SubscriptionTaken          other deployments watch the mailbox: try again after a day
    ├── SignInFailed               an admin must sign in, or get a right
    ├── PreviewRunning             an admin must wait for the other command
    ├── PreviewStopped             a thread of a preview ends without a result
    ├── StateChanged               another process wrote the same row: read and decide again
    ├── RejectedRequest            answer the HTTP request with `.status`
    └── GraphError
        ├── Throttled              retry after `.retry_after`; not a failure
        ├── GraphUnavailable       retry with backoff
        │   └── NotConnected       retry with backoff; the call was certainly not sent
        │       └── GraphPaused    retry after `.retry_after`; not a failure
        ├── Unauthorized           an admin must fix the credential; retry with backoff
        ├── EventNotFound          read again twice, then the event is gone
        ├── EventChanged           the event changed before our PATCH: read and decide again
        ├── SubscriptionNotFound   the subscription no longer exists: create another
        ├── SubscriptionExists     use the one named `.subscription`, or search for it
        ├── SubscriptionTooLong    ask for a shorter one: `.longest`, or the next shorter
        ├── NotValidated           our endpoint did not answer the handshake: retry with backoff
        ├── Forbidden              final for this event; mark the mailbox
        │   ├── MailboxFull        the mailbox is over its quota: retry hourly for a day
        │   └── SubscriptionLimit  no more subscriptions are allowed: retry hourly
        ├── MailboxUnusable        final for this event; mark the mailbox
        ├── BodyTooLarge           nobody can tell what the event's body contains: decide without it
        └── UnexpectedAnswer       final, as we don't understand Graph: poison queue, logged as an error
            └── UnreadableEvent    one event has an unexpected shape: skip it, continue with the others

Texts never contain what people wrote: Graph's `error.message` may contain an address, so it is left out.
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
    """A queue message is not Joinlink's, or comes from another version."""


class LaterVersion(UnreadableMessage):
    """A later version of Joinlink wrote the queue message."""


class SecondLook(JoinlinkError):
    """One answer suggests that a mailbox is unusable; another answer minutes later decides."""


class OutOfTime(JoinlinkError):
    """The deadline of a message has passed (`shared.deadline`)."""


class QueueUnavailable(JoinlinkError):
    """The storage queue did not take a message."""


class StorageUnavailable(JoinlinkError):
    """A table could not be read or written."""


class TableMissing(StorageUnavailable):
    """A table that must not be created automatically is missing."""


class LogUnavailable(JoinlinkError):
    """The app's log can't be read; the text explains what to do."""


class Unhandled(JoinlinkError):
    """A message could not be handled; the text has places in the code, never what people wrote."""


class DeskDiffers(JoinlinkError):
    """A command uses other rules or settings than the app; the text explains what to do."""


class SubscriptionTaken(JoinlinkError):
    """Other deployments of the app registration hold every subscription that Graph allows to a mailbox."""


class SignInFailed(JoinlinkError):
    """A command has no identity to use, or it lacks a right; the text explains what to do."""


class PreviewRunning(JoinlinkError):
    """Another command reads the same calendars for the same preview."""


class PreviewStopped(JoinlinkError):
    """A preview stops before this mailbox is read."""


class StateChanged(JoinlinkError):
    """A table row changed between our read and our write."""


class RowConflict(StateChanged):
    """One of several rows changed, so none was written; `row` is its key, empty if that is not known."""

    def __init__(self, message: str, row: str) -> None:
        super().__init__(message)
        self.row = row


class RejectedRequest(JoinlinkError):
    """A refused HTTP request; `status` is the answer."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(text)


class GraphError(JoinlinkError):
    """Graph refused a call or could not be reached.

    `status` is None if there was no answer; `code` is Graph's own error code; Microsoft's support asks for
    `request_id`.
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
            f"status {status}" if status is not None else "" if code else "no answer",
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


class TooManyAtOnce(Throttled):
    """The mailbox has more requests at the same time than Exchange allows, from all hosts together."""


class GraphUnavailable(GraphError):
    """There is no answer of Graph's: a network error, a timeout or a 5xx."""


class NotConnected(GraphUnavailable):
    """There was no connection, so the request certainly did not reach Graph."""


class GraphPaused(NotConnected):
    """The circuit breaker is open, so the call was not sent; it may go after `retry_after`."""

    def __init__(self, call: str, *, retry_after: timedelta) -> None:
        self.retry_after = retry_after
        super().__init__(call, detail="calls wait until Graph answers again")


class Unauthorized(GraphError):
    """The token service refuses a token, or Graph refuses a new one."""


class EventNotFound(GraphError):
    """The event or its calendar does not exist now."""


class GroupNotFound(GraphError):
    """The tenant has no group with this object id."""


class EventChanged(GraphError):
    """412: the event changed between our GET and our PATCH."""


class SubscriptionNotFound(GraphError):
    """The subscription does not exist, or no longer."""


class SubscriptionExists(GraphError):
    """409: such a subscription exists already; `subscription` is its id, empty if Graph names none."""

    def __init__(self, call: str, *, subscription: str, status: int, code: str, request_id: str) -> None:
        self.subscription = subscription
        super().__init__(call, status=status, code=code, request_id=request_id)


class SubscriptionTooLong(GraphError):
    """Graph allows only a shorter subscription; `longest` is what it names, unchecked, None if nothing."""

    def __init__(
        self, call: str, *, longest: timedelta | None, status: int, code: str, request_id: str
    ) -> None:
        self.longest = longest
        super().__init__(
            call, status=status, code=code, request_id=request_id, detail="Graph wants a shorter subscription"
        )


class NotValidated(GraphError):
    """Our notification URL did not answer Graph's handshake correctly and in time."""


class Forbidden(GraphError):
    """403: a missing permission, a policy or a scope denies access to this mailbox."""


class MailboxFull(Forbidden):
    """403 `ErrorQuotaExceeded`: the mailbox is over its quota, which is temporary."""


class SubscriptionLimit(Forbidden):
    """403 with a message that names the limit on subscriptions."""


class MailboxUnusable(GraphError):
    """Graph can't serve the mailbox: it is unlicensed, on-premises or soft-deleted."""


class BodyTooLarge(GraphError):
    """The answer with an event and its body is longer than Joinlink reads."""


class UnexpectedAnswer(GraphError):
    """Graph refused permanently, or its answer has an unexpected shape."""


class UnreadableEvent(UnexpectedAnswer):
    """One event has an unexpected shape."""
