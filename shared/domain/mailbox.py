"""A watched mailbox: its user and its Graph subscription."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription to changes of a mailbox's events, as Graph returns it, without the clientState.

    Names are Graph's (https://learn.microsoft.com/graph/api/resources/subscription); `expires` is aware UTC.
    """

    id: str
    resource: str
    change_type: str
    notification_url: str
    lifecycle_url: str
    expires: datetime


class NoCalendar(StrEnum):
    """Why a user has no calendar to watch, according to the directory."""

    GUEST = "guest"
    ACCOUNT_DISABLED = "account_disabled"
    NO_ADDRESS = "no_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group in the directory, as an admin tells it from others of the same name."""

    id: str
    name: str
    address: str = ""
    #: Graph's word for its kind, such as `Unified` for a Microsoft 365 group; empty for others
    kind: str = ""
    #: aware UTC; None if Graph shows none
    created: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user account in the directory."""

    id: str
    #: None if the user may have a calendar
    no_calendar: NoCalendar | None = None
    #: user principal name, empty if Graph returns none
    name: str = ""
