"""The first sweep of a calendar that Joinlink did not know before is paced."""

from datetime import timedelta

import pytest

from shared import wiring
from shared.domain.messages import TaskKind, TaskReason
from tests.stories.conftest import RULES, StartStory, Story
from tests.stories.test_calendars import (
    DAY,
    HOUR,
    OWNED,
    fill,
    row,
    searched,
    sweep_once,
    swept,
    with_calendar,
)
from tests.stories.test_sweep import GUEST, NOW, subscribed, sweep


@pytest.fixture
def story(start_story: StartStory) -> Story:
    """Return a story whose rules say `calendars: owned`."""
    return start_story(OWNED)


def test_the_first_sweep_of_a_new_calendar_is_paced_and_resumed(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour has room for some events, here for three. Maintenance requests the next part."""
    monkeypatch.setattr("shared.worker.mailboxes.first_sweep.SLOTS_OF_PART", 3)
    ada = subscribed(story)
    story.wait(DAY)
    project = story.stage.graph.add_calendar(ada.id, "Project")
    meetings = fill(story, ada, project, 1, 1, 1, 1)
    story.enqueue_task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    story.wait(NOW)
    assert (swept(story)["queued"], swept(story)["calendars_new"]) == (3, 1)
    for minutes in (1, 2, 52):
        story.wait(timedelta(minutes=minutes))
    linked = [story.has_link(ada, each) for each in meetings]
    assert linked.count(True) == 3
    assert len({mail.event for mail in story.stage.graph.mails}) == 3

    story.stage.host.run_timer("maintenance")
    story.run_until_idle()
    assert [line["because"] for line in story.log_lines("mailbox.swept")] == ["gap", "schedule"]
    story.wait(timedelta(minutes=10))
    story.stage.host.run_timer("maintenance")
    story.run_until_idle()
    assert all(story.has_link(ada, each) for each in meetings)
    assert (swept(story)["queued"], swept(story)["calendars_new"]) == (1, 0)
    assert row(ada).calendars_due is None

    later = story.create_meeting_in(project, ada, GUEST)
    sweep(story, ada)
    assert story.has_link(ada, later)


def test_the_first_sweep_leaves_half_of_the_limits(start_story: StartStory) -> None:
    """The other half is for new meetings, which get their links meanwhile."""
    story = start_story(OWNED.replace("per_hour: 1000", "per_hour: 1000, per_mailbox_per_day: 4"))
    ada = with_calendar(story)
    project = story.stage.graph.add_calendar(ada.id, "Project")
    old = fill(story, ada, project, 1, 1, 1, 1, 1)
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    for _ in range(2):
        story.run_until_idle()
        story.wait(timedelta(minutes=20))
    story.stage.host.run_timer("maintenance")
    story.run_until_idle()
    assert [story.has_link(ada, each) for each in old].count(True) == 2
    new = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert story.has_link(ada, new)
    assert swept(story)["calendars_new"] == 1
    assert "limit_reached" not in {line["reason"] for line in story.log_lines()}


def test_a_part_that_broke_off_is_not_repeated_within_its_hour(story: Story) -> None:
    """The row says when the next part is due before the first event is queued."""
    ada = with_calendar(story, 1)
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring.joinlink().parts.storage.event_changes, "send", die)
        with pytest.raises(Killed):
            story.wait(NOW)
    assert row(ada).calendars_due == story.stage.clock.now() + HOUR
    sweep_once(story, ada)

    assert (swept(story)["calendars"], swept(story)["calendars_new"]) == (1, 1)


class Killed(BaseException):
    """The process ends."""


def die(*_message: object) -> None:
    raise Killed


def test_back_at_default_the_row_forgets_the_calendars(story: Story) -> None:
    """And no further sweep is requested for them."""
    ada = with_calendar(story, 1200, 1)
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.wait(NOW)
    assert row(ada).calendars_due
    (story.rules / "rules.yaml").write_text(RULES)
    for _ in range(3):
        wiring.joinlink().policies.current()
        story.wait(timedelta(minutes=1))
    sweep_once(story, ada)

    assert (row(ada).calendars.calendars, row(ada).calendars_due) == ((), None)
    assert searched(story, ada)[-1] == ""
