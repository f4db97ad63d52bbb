import pytest

from shared.domain.decision import Reason
from shared.domain.event import Calendar
from shared.rules.policy import RuleProvider
from shared.worker.events.providers import choose_provider

TEAMS, SKYPE = "teamsForBusiness", "skypeForBusiness"
WISH, FALLBACK = RuleProvider(name=TEAMS), RuleProvider(name=TEAMS, is_fallback=True)


@pytest.mark.parametrize(
    ("default", "allowed", "named", "expected"),
    [
        pytest.param(TEAMS, (TEAMS,), None, TEAMS, id="the calendar's default"),
        pytest.param(SKYPE, (SKYPE, TEAMS), FALLBACK, SKYPE, id="the default comes before the fallback"),
        pytest.param("unknown", (TEAMS,), FALLBACK, TEAMS, id="no default, fallback allowed"),
        pytest.param("unknown", (TEAMS,), None, Reason.NO_PROVIDER, id="no default, no fallback"),
        pytest.param("", (), None, Reason.NO_PROVIDER, id="an empty default"),
        pytest.param("unknown", (SKYPE,), FALLBACK, Reason.PROVIDER_NOT_ALLOWED, id="fallback not allowed"),
        pytest.param(TEAMS, (), None, Reason.PROVIDER_NOT_ALLOWED, id="nothing allowed"),
        pytest.param(SKYPE, (SKYPE, TEAMS), WISH, TEAMS, id="the rule's provider before the default"),
        pytest.param("unknown", (TEAMS,), WISH, TEAMS, id="the rule's provider, no default"),
        pytest.param(
            SKYPE, (SKYPE,), WISH, Reason.PROVIDER_NOT_ALLOWED, id="the rule's provider is not allowed"
        ),
        pytest.param("unknown", (), WISH, Reason.PROVIDER_NOT_ALLOWED, id="no provider is allowed"),
        pytest.param(TEAMS, ("unknown",), None, Reason.PROVIDER_NOT_ALLOWED, id="unknown is not a provider"),
    ],
)
def test_the_provider_is_the_rules_or_the_default_of_the_calendar(
    default: str, allowed: tuple[str, ...], named: RuleProvider | None, expected: str | Reason
) -> None:
    """A provider that the calendar does not allow is never requested: Graph would answer 200 and create no link."""
    calendar = Calendar(
        id="c", default_online_meeting_provider=default, allowed_online_meeting_providers=allowed
    )

    assert choose_provider(calendar, named) == expected
