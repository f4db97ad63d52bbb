"""Chooses the online meeting provider of an event: the rule's, or the default of the event's calendar."""

from shared.domain.decision import Reason
from shared.domain.event import Calendar
from shared.rules.policy import RuleProvider

_NO_PROVIDER = frozenset({"", "unknown"})


def choose_provider(calendar: Calendar, named: RuleProvider | None) -> str | Reason:
    """Return the provider to request, or `NO_PROVIDER` or `PROVIDER_NOT_ALLOWED`.

    `named` is the rule's provider. As a fallback it counts if the calendar names no default
    (https://learn.microsoft.com/graph/api/resources/calendar).
    """
    default = calendar.default_online_meeting_provider
    is_named = named is not None and (not named.is_fallback or default in _NO_PROVIDER)
    provider = named.name if named and is_named else default
    if provider in _NO_PROVIDER:
        return Reason.NO_PROVIDER
    allowed = set(calendar.allowed_online_meeting_providers) - _NO_PROVIDER
    return provider if provider in allowed else Reason.PROVIDER_NOT_ALLOWED
