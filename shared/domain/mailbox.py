"""A mailbox as it is watched: Graph's subscription, and who it belongs to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription to changes of a mailbox's events, as Graph shows it (it never shows the clientState).

    Names are Graph's (https://learn.microsoft.com/graph/api/resources/subscription); `expires` is aware UTC.
    """

    id: str
    resource: str
    change_type: str
    notification_url: str
    lifecycle_url: str
    expires: datetime


class NoCalendar(StrEnum):
    """Why nobody keeps a calendar there, as far as the directory tells."""

    GUEST = "guest"
    ACCOUNT_DISABLED = "account_disabled"
    NO_ADDRESS = "no_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account of the directory."""

    id: str
    #: None where a calendar may be
    no_calendar: NoCalendar | None = None
    #: user principal name, empty where Graph gives none
    name: str = ""
