"""A watched mailbox: its user, its kind, its calendars and its Graph subscription."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.decision import Reason


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
    """A calendar in a mailbox's list; `owner` is an address in lower case, empty if Graph returns none.

    `name` is what people see; it never goes to a log.
    """

    id: str
    is_default: bool
    can_edit: bool
    owner: str
    name: str = ""


class MailboxKind(StrEnum):
    """Kinds of mailboxes that rules can include; the values are those of `mailboxes: {kinds: …}`."""

    USER = "user"
    SHARED = "shared"


Kinds = frozenset[MailboxKind]
#: the kinds that rules include if they name none
USERS_ONLY: Kinds = frozenset({MailboxKind.USER})
#: Graph's values of `userPurpose` for rooms and devices
ROOM_PURPOSES = frozenset({"room", "equipment"})
#: all values of `userPurpose` that Joinlink understands, with the kind of such a mailbox
#: (https://learn.microsoft.com/graph/api/resources/mailboxsettings)
PURPOSES: Mapping[str, MailboxKind | None] = {
    "user": MailboxKind.USER,
    "linked": MailboxKind.USER,
    "shared": MailboxKind.SHARED,
    "others": None,
    **dict.fromkeys(ROOM_PURPOSES),
}


def reason_against(purpose: str, kinds: Kinds) -> Reason | None:
    """Return why a mailbox with this `userPurpose` is not watched if it must be of these kinds, else None.

    An unknown purpose (empty) counts as a user's. Rooms, devices and `others` are never watched.
    """
    if purpose in ROOM_PURPOSES:
        return Reason.ROOM
    return None if PURPOSES.get(purpose, MailboxKind.USER) in kinds else Reason.KIND_NOT_IN_SCOPE


def kinds_text(kinds: Kinds) -> str:
    """Return kinds as text for `kinds_from`; empty for users only."""
    return "" if kinds == USERS_ONLY else " ".join(sorted(kinds))


def kinds_from(text: str) -> Kinds:
    """Read the text of `kinds_text`. Kinds of a later release are left out."""
    return frozenset(MailboxKind(word) for word in text.split() if word in set(MailboxKind)) or USERS_ONLY


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
