"""Mailboxes with more calendars than their row keeps."""

import json

import pytest

from shared.domain.messages import TaskKind, TaskReason
from tests.stories.conftest import RunJoinlink, StartStory, Story
from tests.stories.test_calendars import HOUR, OWNED, row, searched, swept
from tests.stories.test_sweep import GUEST


@pytest.fixture
def story(start_story: StartStory) -> Story:
    """Return a story whose rules say `calendars: owned`."""
    return start_story(OWNED, JOINLINK_CALENDAR_SUBSCRIPTIONS="on")


def test_a_mailbox_with_200_calendars_is_swept(story: Story, run_joinlink: RunJoinlink) -> None:
    """A hundred of them, and at the next sweep the others; the log says so. A backfill searches all at once.

    None of them has a subscription of its own, also if the setting is on: the row does not keep all of them.
    """
    ada = story.add_person("Ada", watched=False)
    calendars = sorted(story.stage.graph.add_calendar(ada.id, f"{n}") for n in range(200))
    meetings = [story.create_meeting_in(calendars[n], ada, GUEST) for n in (0, 99, 199)]
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.run_until_idle()

    assert [story.has_link(ada, each) for each in meetings] == [True, True, False]
    assert searched(story, ada) == ["", *calendars[:100]]
    assert swept(story)["calendars_waiting"] == 100
    assert story.log_lines("calendar.subscribed") == []
    assert story.log_lines("calendar.unreadable") == []
    found = json.loads(run_joinlink("backfill", "--mailbox", ada.id, "--dry-run", "--json").out)
    assert (found["unread_calendars"], len(searched(story, ada))) == (0, 101 + 201)
    story.wait(6 * HOUR)
    story.enqueue_task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    story.run_until_idle()

    assert story.has_link(ada, meetings[-1])
    assert searched(story, ada)[101 + 201 :] == ["", *calendars[100:]]
    assert row(ada).calendars.left_out == 100
    assert not row(ada).calendars.subscriptions
