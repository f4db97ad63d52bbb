"""Chooses the online meeting provider of an event: the default of its calendar, or the rule's fallback."""

from shared.domain.decision import Reason
from shared.domain.event import Calendar

_NO_PROVIDER = frozenset({"", "unknown"})


def choose_provider(calendar: Calendar, fallback: str | None) -> str | Reason:
    """Return the provider to request, or `NO_PROVIDER` or `PROVIDER_NOT_ALLOWED`.

    `fallback` is the rule's `provider.fallback`. It counts if the calendar names no default
    (https://learn.microsoft.com/graph/api/resources/calendar).
    """
    default = calendar.default_online_meeting_provider
    provider = fallback if default in _NO_PROVIDER else default
    if provider is None:
        return Reason.NO_PROVIDER
    allowed = set(calendar.allowed_online_meeting_providers) - _NO_PROVIDER
    return provider if provider in allowed else Reason.PROVIDER_NOT_ALLOWED
