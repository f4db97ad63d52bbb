"""Instances with wrong clocks: only the time of the services decides about writes and their evidence."""

from datetime import timedelta

import pytest

from sandbox.graph import Drop, Fault
from shared import wiring
from shared.worker.common.world import World
from tests.stories.conftest import Story
from tests.stories.test_at_most_once import GUEST, message
from tests.stories.test_write_evidence import written

CLOCK_ERRORS = [
    pytest.param(timedelta(hours=12), id="half a day ahead"),
    pytest.param(timedelta(minutes=3), id="three minutes ahead"),
    pytest.param(-timedelta(minutes=3), id="three minutes behind"),
]


def world(story: Story, clock_error: timedelta) -> World:
    """Return the world of an instance with this clock error."""
    return World(now=lambda: story.stage.clock.now() + clock_error)


@pytest.mark.parametrize("clock_error", CLOCK_ERRORS)
def test_an_instance_with_a_wrong_clock_respects_the_lease(story: Story, clock_error: timedelta) -> None:
    """Another instance has just started a write, and Graph would accept a second one."""
    ada = story.add_person("Ada")
    story.stage.graph.honors_if_match = False
    meeting = story.create_meeting(ada, GUEST)
    other = wiring.Joinlink(wiring.Parts(story.stage.settings, world(story, clock_error)))
    body = message(ada, meeting, story)
    story.stage.graph.faults.add(
        Fault(method="PATCH", meanwhile=lambda: other.event_messages.handle(body, 1))
    )
    story.run_until_idle()
    other.close()

    assert written(story, ada) == 1
    assert ("delayed", "write_under_way") in story.outcomes(ada)
    assert story.has_link(ada, meeting)


@pytest.mark.parametrize("clock_error", CLOCK_ERRORS)
@pytest.mark.parametrize("drop", [Drop.BEFORE, Drop.AFTER])
def test_a_wrong_clock_does_not_cause_a_second_write(
    story: Story, clock_error: timedelta, drop: Drop
) -> None:
    """The answer to a write is lost. Another instance waits until a read proves the result."""
    ada = story.add_person("Ada")
    story.stage.graph.stale_for = timedelta(seconds=40)
    story.stage.graph.honors_if_match = False
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", drop=drop))
    story.wait()
    assert story.outcomes(ada) == [("delayed", "write_unconfirmed")]
    wiring.joinlink().close()
    wiring.start(wiring.Parts(story.stage.settings, world(story, clock_error)))
    story.run_until_idle()

    assert written(story, ada) == 1
    assert story.has_link(ada, meeting)
