"""Properties: in any order and number of messages, the result is the same, and no event is written twice."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from sandbox.graph import DirectoryUser
from shared import wiring
from shared.domain.messages import EventChange, Source
from tests.stories.conftest import SETTLE, Story

GUEST = "bo@fabrikam.com"
KINDS = ("external", "internal", "opted out", "online", "removed")


@pytest.fixture
def ada(story: Story) -> DirectoryUser:
    """A person without a subscription: the test creates the messages itself."""
    return story.stage.graph.add_user("Ada", "ada@contoso.com")


def create(story: Story, ada: DirectoryUser, kind: str) -> str:
    match kind:
        case "internal":
            return story.create_meeting(ada, "cy@contoso.com")
        case "opted out":
            return story.create_meeting(ada, GUEST, subject="[no link]")
        case "online":
            return story.create_meeting(
                ada, GUEST, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness"
            )
        case _:
            return story.create_meeting(ada, GUEST)


# All examples share one story. Each creates its own meetings, on a later day because of the rule's limit.
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_order_and_repetition_of_messages_never_change_the_result(
    story: Story, ada: DirectoryUser, data: st.DataObject
) -> None:
    """Each meeting is as the rules require, after at most one write. A second pass writes nothing."""
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    meetings = [create(story, ada, kind) for kind in kinds]
    order = data.draw(
        st.permutations([n for n in range(len(meetings)) for _ in range(data.draw(st.integers(1, 4)))])
    )
    handle = wiring.joinlink().event_messages.handle
    changes = [
        EventChange(
            mailbox=ada.id,
            event=meetings[n],
            source=Source.NOTIFICATION,
            received=story.stage.clock.now(),
            trace="t",
        )
        for n in order
    ]
    story.stage.clock.advance(SETTLE * 180)
    for position, change in enumerate(changes):
        handle(change.encode().encode(), 1)
        if kinds[order[position]] == "removed" and story.has_link(ada, meetings[order[position]]):
            story.stage.graph.people.remove_link(ada.id, meetings[order[position]])
    for change in changes:
        story.stage.clock.advance(SETTLE)
        handle(replace(change, received=story.stage.clock.now()).encode().encode(), 1)

    linked = [story.has_link(ada, meeting) for meeting in meetings]
    patched = [sum(meeting in path for path in story.calls("PATCH", ada)) for meeting in meetings]
    assert linked == [kind in {"external", "online"} for kind in kinds]
    assert patched == [int(kind in {"external", "removed"}) for kind in kinds]
