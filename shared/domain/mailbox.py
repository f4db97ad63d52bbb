"""A mailbox as it is watched: Graph's subscription, and who it belongs to."""

from dataclasses import dataclass
from datetime import datetime


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


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account of the directory, as far as it matters whether it keeps a calendar."""

    id: str
    has_mail: bool
    is_guest: bool
    is_enabled: bool
