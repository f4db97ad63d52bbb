import pytest

from shared.domain.decision import Reason
from shared.domain.event import Calendar
from shared.worker.events.providers import choose_provider

TEAMS, SKYPE = "teamsForBusiness", "skypeForBusiness"


@pytest.mark.parametrize(
    ("default", "allowed", "fallback", "expected"),
    [
        pytest.param(TEAMS, (TEAMS,), None, TEAMS, id="the calendar's default"),
        pytest.param(SKYPE, (SKYPE, TEAMS), TEAMS, SKYPE, id="the default comes before the fallback"),
        pytest.param("unknown", (TEAMS,), TEAMS, TEAMS, id="no default, fallback allowed"),
        pytest.param("unknown", (TEAMS,), None, Reason.NO_PROVIDER, id="no default, no fallback"),
        pytest.param("", (), None, Reason.NO_PROVIDER, id="an empty default"),
        pytest.param("unknown", (SKYPE,), TEAMS, Reason.PROVIDER_NOT_ALLOWED, id="fallback not allowed"),
        pytest.param(TEAMS, (), None, Reason.PROVIDER_NOT_ALLOWED, id="nothing allowed"),
        pytest.param(TEAMS, ("unknown",), None, Reason.PROVIDER_NOT_ALLOWED, id="unknown is not a provider"),
    ],
)
def test_the_provider_is_the_default_of_the_calendar(
    default: str, allowed: tuple[str, ...], fallback: str | None, expected: str | Reason
) -> None:
    """A provider that the calendar does not allow is never requested: Graph would answer 200 and create no link."""
    calendar = Calendar(
        id="c", default_online_meeting_provider=default, allowed_online_meeting_providers=allowed
    )

    assert choose_provider(calendar, fallback) == expected
