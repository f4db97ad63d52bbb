"""With JOINLINK_CALENDAR_SUBSCRIPTIONS=on, further calendars are watched, too."""

import pytest

from sandbox.graph import DirectoryUser, Fault, NotificationDelivery
from shared.domain.messages import MAILBOX_TASKS, TaskKind, TaskReason
from tests.stories.conftest import StartStory, Story
from tests.stories.test_calendars import DAY, OWNED, row, sweep_once
from tests.stories.test_sweep import GUEST, NOW, sweep

ON = "on"


@pytest.fixture
def story(start_story: StartStory) -> Story:
    """Return a story with the setting."""
    return start_story(OWNED, JOINLINK_CALENDAR_SUBSCRIPTIONS=ON)


def with_project(story: Story) -> tuple[DirectoryUser, str]:
    """Return a person who is watched, and the id of her second calendar."""
    ada = story.add_person("Ada", watched=False)
    project = story.stage.graph.add_calendar(ada.id, "Project")
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.wait(NOW)
    return ada, project


def subscribed_to(story: Story) -> list[str | None]:
    """Return the calendar of each active subscription, None for the whole mailbox."""
    return [one.calendar for _row, one in story.stage.graph.subscriptions.active()]


def test_a_change_in_a_further_calendar_is_handled_at_once(story: Story) -> None:
    """If Graph reports it. The next sweep creates nothing again."""
    ada, project = with_project(story)
    meeting = story.create_meeting_in(project, ada, GUEST)
    story.wait()
    assert story.has_link(ada, meeting)
    sweep(story, ada)

    assert subscribed_to(story) == [None, project]
    assert [line["calendar"] for line in story.log_lines("calendar.subscribed")] == [project]


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="off by default"),
        pytest.param({"JOINLINK_CALENDAR_SUBSCRIPTIONS": ON}, id="Graph reports nothing"),
    ],
)
def test_otherwise_the_sweep_finds_it(start_story: StartStory, settings: dict[str, str]) -> None:
    story = start_story(OWNED, **settings)
    story.stage.graph.delivery = NotificationDelivery(calendar_subscriptions=False)
    ada, project = with_project(story)
    meeting = story.create_meeting_in(project, ada, GUEST)
    story.wait()
    assert not story.has_link(ada, meeting)
    sweep(story, ada)

    assert story.has_link(ada, meeting)
    assert subscribed_to(story) == [None, *([project] if settings else [])]


def test_they_are_renewed_with_the_mailboxs_own(story: Story) -> None:
    """One that Graph does not know any more is created by the next sweep."""
    ada, project = with_project(story)
    story.wait(4 * DAY)
    story.enqueue_task(TaskKind.RENEW, ada, TaskReason.DUE)
    story.wait(NOW)
    story.wait(4 * DAY)
    assert subscribed_to(story) == [None, project]
    [gone] = row(ada).calendars.subscriptions
    story.stage.graph.remove_subscription(gone, notify=False)
    story.enqueue_task(TaskKind.RENEW, ada, TaskReason.DUE)
    story.wait(NOW)
    sweep_once(story, ada)

    assert subscribed_to(story) == [None, project]
    assert gone not in row(ada).calendars.subscriptions


def test_they_end_with_the_mailboxs_own(story: Story) -> None:
    ada, _project = with_project(story)
    story.enqueue_task(TaskKind.UNSUBSCRIBE, ada, TaskReason.LEFT_SCOPE)
    story.wait(NOW)

    assert subscribed_to(story) == []
    assert not row(ada).is_subscribed


def test_if_the_setting_is_switched_off_the_next_sweep_ends_them(story: Story) -> None:
    """What the same sweep learned about the calendars stays."""
    ada, project = with_project(story)
    story.restart(JOINLINK_CALENDAR_SUBSCRIPTIONS="off")
    team = story.stage.graph.add_calendar(ada.id, "Team")
    story.wait(DAY)
    sweep_once(story, ada)

    assert subscribed_to(story) == [None]
    assert not row(ada).calendars.subscriptions
    assert [one.id for one in row(ada).calendars.calendars] == [project, team]


def test_with_another_key_they_are_replaced(story: Story) -> None:
    """First the new one, then the old one ends."""
    ada, project = with_project(story)
    [before] = row(ada).calendars.subscriptions
    story.restart(JOINLINK_CALENDAR_SUBSCRIPTIONS=ON, JOINLINK_CLIENT_STATE_KEY="k" * 40)
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.SETTINGS_CHANGED)
    story.wait(NOW)
    sweep_once(story, ada)

    assert sorted(subscribed_to(story), key=str) == sorted([None, project], key=str)
    assert before not in row(ada).calendars.subscriptions


def test_maintenance_leaves_them_and_deletes_a_duplicate(story: Story) -> None:
    """Those that a row names are needed. A calendar that is gone leaves one that is not."""
    ada, project = with_project(story)
    team = story.stage.graph.add_calendar(ada.id, "Team")
    story.wait(DAY)
    sweep(story, ada)
    assert subscribed_to(story) == [None, project, team]
    story.stage.graph.remove_calendar(ada.id, team)
    sweep(story, ada)
    story.wait(DAY)
    story.stage.host.run_timer("maintenance")
    story.run_until_idle()

    assert subscribed_to(story) == [None, project]


def test_an_error_of_graph_only_postpones_them(story: Story) -> None:
    """The sweep counts as done, and the mailbox stays in use."""
    story.stage.graph.faults.add(Fault(method="POST", path="/subscriptions", passes=1, status=403, count=1))
    ada, project = with_project(story)
    assert ("sweep", "swept", "window_searched") in story.task_outcomes(ada)
    assert [line["calendar"] for line in story.log_lines("calendar.unsubscribed")] == [project]
    sweep(story, ada)

    assert subscribed_to(story) == [None, project]
    assert story.poison_messages(MAILBOX_TASKS) == []
