"""A watched mailbox: its user, its calendars and its Graph subscription."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCalendar:
    """A calendar in a mailbox's list; `owner` is an address in lower case, empty if Graph returns none."""

    id: str
    is_default: bool
    can_edit: bool
    owner: str


class NoCalendar(StrEnum):
    """Why a user has no calendar to watch, according to the directory."""

    GUEST = "guest"
    ACCOUNT_DISABLED = "account_disabled"
    NO_ADDRESS = "no_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user account in the directory."""

    id: str
    #: None if the user may have a calendar
    no_calendar: NoCalendar | None = None
    #: user principal name, empty if Graph returns none
    name: str = ""
