"""Events and policies for tests of rules."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.event import Attendee, Event
from shared.rule_files.loader import RuleFile, load_policy
from shared.rules.policy import Policy

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

MakeEvent = Callable[..., Event]
MakePolicy = Callable[[str], Policy]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def make_event() -> MakeEvent:
    """Return a function that returns an event tomorrow with one external guest; keywords change it."""

    def make(**changes: Any) -> Event:
        plain: dict[str, Any] = {
            "id": "event",
            "etag": 'W/"1"',
            "subject": "Review",
            "organizer": "al@contoso.com",
            "start": NOW + timedelta(days=1),
            "end": NOW + timedelta(days=1, hours=1),
            "attendees": (Attendee(address="bo@fabrikam.com"),),
            "body": "",
        }
        return Event(**{**plain, **changes})

    return make


@pytest.fixture
def make_policy() -> MakePolicy:
    """Return a function that returns the policy of a rule file, given without the lines that each file has."""

    def make(rules: str) -> Policy:
        text = f"version: 1\n{rules}" if "rules:" in rules else f"version: 1\nrules:\n{rules}"
        if "internal_domains" not in text:
            text += '\ninternal_domains: [contoso.com, "*.contoso.org"]\n'
        loaded = load_policy([RuleFile("rules.yaml", text.encode())])
        assert loaded.policy is not None, [str(problem) for problem in loaded.problems]
        return loaded.policy

    return make
