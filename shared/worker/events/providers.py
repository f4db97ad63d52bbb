"""Which online meeting provider an event gets: its calendar's default, else the rule's fallback."""

from shared.domain.decision import Reason
from shared.domain.event import Calendar

_UNKNOWN = frozenset({"", "unknown"})


def choose_provider(calendar: Calendar, fallback: str | None) -> str | Reason:
    """Return the provider to ask for, or why there is none: `no_provider`, `provider_not_allowed`.

    `fallback` (the rule's `provider.fallback`) counts where the calendar names no default but allows it
    (https://learn.microsoft.com/graph/api/resources/calendar).
    """
    allowed = set(calendar.allowed_online_meeting_providers) - _UNKNOWN
    default = calendar.default_online_meeting_provider
    wanted = fallback if default in _UNKNOWN else default
    if wanted is None:
        return Reason.NO_PROVIDER
    return wanted if wanted in allowed else Reason.PROVIDER_NOT_ALLOWED
