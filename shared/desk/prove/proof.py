"""What a row of `joinlink prove` has to work with, and the answer that it gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import Enum, StrEnum
from typing import Any

from shared.desk.sign_in.desk_identity import DeskIdentity
from shared.desk.trial.decision_log import DecisionLog
from shared.desk.trial.trial_mailbox import TrialMailbox
from shared.domain.event import Event

_SUBJECT = "Joinlink proof"
_BODY = "joinlink prove created this event to test Microsoft Graph. It deletes the event within minutes."
_LENGTH = timedelta(minutes=30)


class Holding(StrEnum):
    """Whether what Joinlink relies on is so in this tenant."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """The answer of a row, and what was seen."""

    holding: Holding
    text: str


class NoAnswer(Exception):
    """The row can't be answered here; the text says why, and what to do."""


class Need(Enum):
    """What a row needs besides the mailbox; the value says what is missing without it."""

    APPLICATION = (
        "it asks about application permissions: run it with the certificate of the desk, or --as-app"
    )
    APP = "only the app's own grants can show it: --as-app takes the app's own secret or certificate"
    GUEST = "it needs a second mailbox of yours: --guest"
    LOG = "it needs the app's log: --workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One run in the mailbox `trial`, whose owner has this address.

    `rights` are those in the token, None if it does not show them. `url` is our own notification URL, and
    `client_state` returns a clientState that the app accepts.
    """

    trial: TrialMailbox
    address: str
    identity: DeskIdentity
    rights: frozenset[str] | None
    guest: TrialMailbox | None
    guest_address: str
    log: DecisionLog | None
    url: str | None
    client_state: Callable[[str], str] = field(repr=False)
    new_id: Callable[[], str]

    def lacks(self, needs: Sequence[Need]) -> str:
        """Return what is missing for a row; empty if nothing is."""
        is_there = {
            Need.APPLICATION: self.identity.is_application,
            Need.APP: self.identity is DeskIdentity.APP and self.url is not None,
            Need.GUEST: self.guest is not None,
            Need.LOG: self.log is not None,
        }
        return next((need.value for need in needs if not is_there[need]), "")

    @property
    def start(self) -> datetime:
        """When the events of this run start: in the morning of the day after tomorrow."""
        day = (self.trial.waiting.now() + timedelta(days=2)).date()
        return datetime.combine(day, time(9), self.trial.waiting.now().tzinfo)

    @property
    def end(self) -> datetime:
        """When they end."""
        return self.start + _LENGTH

    def create(self, *, calendar: str = "", **properties: Any) -> Event:
        """Create an event, by default without attendees. Raises GraphError, NoAnswer."""
        transaction = self.new_id()
        body = {
            "subject": f"{_SUBJECT} {transaction[:8]}",
            "body": {"contentType": "text", "content": _BODY},
            "start": _date_time(self.start),
            "end": _date_time(self.end),
            "showAs": "free",
            "isReminderOn": False,
            "transactionId": transaction,
            **properties,
        }
        event = self.trial.create_event(body, start=self.start, calendar=calendar)
        if event.is_online_meeting:
            raise NoAnswer(
                "Exchange made the event online itself: switch OnlineMeetingsByDefaultEnabled off for the"
                " mailbox"
            )
        return event

    def enable(self, event: Event) -> Event:
        """Send the app's own PATCH to an event; return the answer. Raises GraphError, NoAnswer."""
        provider = self.trial.default_calendar().default_online_meeting_provider
        if provider in {"", "unknown"}:
            raise NoAnswer("the mailbox's calendar names no provider: use a mailbox with a Teams licence")
        return self.trial.enable_online_meeting(event, provider)

    def wait_until(
        self, is_so: Callable[[], bool], *, at_most: timedelta, every: timedelta
    ) -> timedelta | None:
        """Wait until something is so; return how long that took, None if it is not so in time."""
        begin = self.trial.waiting.now()
        found = self.trial.waiting.for_result(lambda: is_so() or None, at_most=at_most, every=every)
        return self.trial.waiting.now() - begin if found else None


def holds(text: str) -> RowAnswer:
    """Return that what Joinlink relies on is so."""
    return RowAnswer(Holding.HOLDS, text)


def fails(text: str) -> RowAnswer:
    """Return that it is not so."""
    return RowAnswer(Holding.FAILS, text)


def seconds(time: timedelta) -> str:
    """Return a time in words."""
    return f"{time.total_seconds():.0f} s"


def _date_time(moment: datetime) -> dict[str, str]:
    return {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}
