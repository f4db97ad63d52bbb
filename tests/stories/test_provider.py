"""A rule's provider is a wish: the calendar must allow it."""

from typing import Any

import pytest

from tests.stories.conftest import RULES, StartStory
from tests.stories.test_at_most_once import GUEST

TEAMS, SKYPE = "teamsForBusiness", "skypeForBusiness"
WISH = RULES.replace("provider: {fallback: teamsForBusiness}", "provider: teamsForBusiness")


@pytest.mark.parametrize(
    ("calendar", "outcome", "provider"),
    [
        pytest.param({"default_provider": SKYPE, "allowed_providers": (SKYPE, TEAMS)}, ("enabled", "link_added"), TEAMS, id="another default"),
        pytest.param({"default_provider": SKYPE, "allowed_providers": (SKYPE,)}, ("skipped", "provider_not_allowed"), "unknown", id="not allowed"),
        pytest.param({"default_provider": "unknown", "allowed_providers": ()}, ("skipped", "provider_not_allowed"), "unknown", id="none is allowed"),
    ],
)  # fmt: skip
def test_a_meeting_gets_the_provider_of_its_rule_or_no_link(
    start_story: StartStory, calendar: dict[str, Any], outcome: tuple[str, str], provider: str
) -> None:
    """Never another one: the reason says that the calendar does not allow it."""
    story = start_story(WISH)
    ada = story.add_person("Ada", **calendar)
    meeting = story.create_meeting(ada, GUEST)
    story.wait()

    assert story.outcomes(ada) == [outcome]
    assert story.event(ada, meeting)["onlineMeetingProvider"] == provider
    assert bool(story.calls("PATCH", ada)) is (provider == TEAMS)
