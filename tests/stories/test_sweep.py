"""The sweep finds the changes that notifications missed."""

from datetime import timedelta

import pytest

from sandbox.graph import DirectoryUser, Fault, NotificationDelivery
from shared.domain.messages import TaskKind, TaskReason
from tests.stories.conftest import RULES, StartStory, Story
from tests.stories.test_a_meeting import SERIES
from tests.stories.test_maintenance import maintain

GUEST = "bo@fabrikam.com"
LOSE_ALL = NotificationDelivery(lose=1.0)
NOW = timedelta(0)


def subscribed(story: Story, name: str = "Ada") -> DirectoryUser:
    """Return a person whose mailbox the app has subscribed and swept."""
    person = story.add_person(name, watched=False)
    story.enqueue_task(TaskKind.SUBSCRIBE, person, TaskReason.NEW)
    story.wait(NOW)
    return person


def sweep(story: Story, person: DirectoryUser, reason: TaskReason = TaskReason.SCHEDULE) -> None:
    story.enqueue_task(TaskKind.SWEEP, person, reason)
    story.run_until_idle()


def test_events_from_before_the_subscription_get_their_links(story: Story) -> None:
    """A new mailbox is swept at once. These events do not count as missed."""
    ada = story.add_person("Ada", watched=False)
    meeting = story.create_meeting(ada, GUEST)
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    [swept] = story.log_lines("mailbox.swept")
    assert (swept["because"], swept["queued"]) == ("gap", 1)
    assert story.log_lines("event.missed") == []


def test_an_event_whose_notification_was_lost_gets_its_link(story: Story) -> None:
    """It counts as missed, although Graph does not show a sweep when an event was changed."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    story.wait(timedelta(hours=1))
    meeting = story.create_meeting(ada, GUEST)
    story.wait(timedelta(hours=1))
    sweep(story, ada)

    assert story.has_link(ada, meeting)
    swept = story.log_lines("mailbox.swept")[-1]
    assert (swept["events"], swept["queued"]) == (1, 1)
    assert [line["event_id"] for line in story.log_lines("event.missed")] == [meeting]
    assert [line["source"] for line in story.log_lines()] == ["sweep"]


def test_only_events_that_would_get_a_link_are_queued(story: Story) -> None:
    """Internal, opted-out, ended and online events need no message."""
    ada = subscribed(story)
    story.create_meeting(ada, "cy@contoso.com")
    story.create_meeting(ada, GUEST, subject="[no link]")
    story.create_meeting(ada, GUEST, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    story.create_meeting(ada, GUEST, subject="trial", isDraft=True)
    story.run_until_idle()
    before = len(story.log_lines())
    sweep(story, ada)

    assert len(story.log_lines()) == before
    assert story.log_lines("mailbox.swept")[-1]["queued"] == 0


def test_a_series_is_swept_as_one(story: Story) -> None:
    """Four occurrences in the window: one message, for the series master."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    master = story.create_meeting(ada, GUEST, **SERIES)
    sweep(story, ada)

    assert story.has_link(ada, master)
    assert (
        story.log_lines("mailbox.swept")[-1]["events"],
        story.log_lines("mailbox.swept")[-1]["queued"],
    ) == (4, 1)


def test_a_long_calendar_is_read_page_by_page(story: Story) -> None:
    """A page has a hundred events."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    for n in range(130):
        story.stage.graph.people.create(
            ada.id,
            subject=f"Internal {n}",
            start={"dateTime": "2026-11-24T09:00:00", "timeZone": "UTC"},
            end={"dateTime": "2026-11-24T10:00:00", "timeZone": "UTC"},
        )
    sweep(story, ada)

    assert story.log_lines("mailbox.swept")[-1]["events"] == 130
    assert len([path for path in story.calls("GET", ada) if path.endswith("calendarView")]) == 3


def test_a_sweep_does_not_restore_a_link_that_a_person_removed(story: Story) -> None:
    """The memory of past writes applies to sweeps, too."""
    ada = subscribed(story)
    meeting = story.create_meeting(ada, GUEST)
    story.run_until_idle()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    sweep(story, ada)

    assert not story.has_link(ada, meeting)
    assert story.log_lines("mailbox.swept")[-1]["queued"] == 0


def test_a_sweep_counts_what_the_worker_would_enable(story: Story) -> None:
    """An event whose link a person removed does not count, even for a rule in report mode."""
    ada = subscribed(story)
    meeting = story.create_meeting(
        ada, "cy@contoso.com", subject="trial", isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness"
    )
    story.run_until_idle()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.create_meeting(ada, "cy@contoso.com", subject="trial")
    story.run_until_idle()
    sweep(story, ada)

    assert {("skipped", "removed_by_user"), ("would_enable", "report_mode")} <= set(story.outcomes(ada))
    assert story.log_lines("mailbox.swept")[-1]["would_enable"] == 1


def test_with_report_mode_in_the_settings_a_sweep_only_counts(start_story: StartStory) -> None:
    """Nothing would be written, so nothing is queued at every sweep."""
    story = start_story(RULES, JOINLINK_MODE="report")
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    story.create_meeting(ada, GUEST)
    sweep(story, ada)

    swept = story.log_lines("mailbox.swept")[-1]
    assert (swept["queued"], swept["would_enable"]) == (0, 1)


def test_only_a_change_that_no_notification_reported_counts_as_missed(story: Story) -> None:
    """Not one that a limit stopped, and not one whose notification may still be on its way."""
    ada = subscribed(story)
    story.wait(timedelta(hours=1))
    for n in range(7):  # the rule allows five in an hour
        story.create_meeting(ada, GUEST, subject=f"Review {n}")
    story.run_until_idle()
    story.wait(timedelta(minutes=30))
    sweep(story, ada)
    story.stage.graph.delivery = LOSE_ALL
    story.wait(timedelta(hours=1))
    story.create_meeting(ada, GUEST, subject="just now")
    sweep(story, ada)

    assert len([one for one in story.outcomes(ada) if one[1] == "limit_reached"]) == 4
    assert [line["reason"] for line in story.log_lines() if line["source"] == "sweep"].count(
        "link_added"
    ) == 3
    assert story.log_lines("event.missed") == []


def test_a_missed_event_counts_once_though_the_answer_to_its_write_is_lost(story: Story) -> None:
    """Joinlink reads the event again and finds the link."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    story.wait(timedelta(hours=1))
    meeting = story.create_meeting(ada, GUEST)
    story.wait(timedelta(hours=1))
    story.lose_next_answer()
    sweep(story, ada)
    sweep(story, ada)

    assert story.has_link(ada, meeting)
    assert [line["event_id"] for line in story.log_lines("event.missed")] == [meeting]


def test_a_mailbox_without_notifications_is_resubscribed(story: Story) -> None:
    """Its sweep finds missed changes, so the subscription does not work, even if Graph still shows it."""
    ada = subscribed(story)
    [dead] = [one.id for _row, one in story.stage.graph.subscriptions.active()]
    story.stage.graph.delivery = LOSE_ALL
    story.wait(timedelta(hours=1))
    story.create_meeting(ada, GUEST)
    story.wait(timedelta(hours=1))
    sweep(story, ada)
    maintain(story, runs=3)

    [alive] = [one.id for _row, one in story.stage.graph.subscriptions.active()]
    assert alive != dead
    assert story.task_outcomes(ada).count(("subscribe", "subscribed", "subscription_replaced")) == 1


def test_one_lost_notification_does_not_replace_a_subscription(story: Story) -> None:
    """The notification of Joinlink's own write shows that it works."""
    ada = subscribed(story)
    [first] = [one.id for _row, one in story.stage.graph.subscriptions.active()]
    story.stage.graph.delivery = LOSE_ALL
    story.wait(timedelta(hours=1))
    meeting = story.create_meeting(ada, GUEST)
    story.wait(timedelta(hours=1))
    story.stage.graph.delivery = NotificationDelivery()
    sweep(story, ada)
    maintain(story)

    assert [line["event_id"] for line in story.log_lines("event.missed")] == [meeting]
    assert [one.id for _row, one in story.stage.graph.subscriptions.active()] == [first]


def test_a_sweep_replaces_a_subscription_that_graph_lost(story: Story) -> None:
    """Graph sent no lifecycle notification. The sweep checks the subscription before it searches."""
    ada = subscribed(story)
    [lost] = [one.id for _row, one in story.stage.graph.subscriptions.active()]
    story.stage.graph.remove_subscription(lost, notify=False)
    meeting = story.create_meeting(ada, GUEST)
    sweep(story, ada)

    assert len(list(story.stage.graph.subscriptions.active())) == 1
    assert story.has_link(ada, meeting)
    assert [line["subscription"] for line in story.log_lines("mailbox.lost")] == [lost]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(Fault(path="calendarView", status=503, count=2), "graph_unavailable", id="an outage"),
        pytest.param(Fault(path="calendarView", status=429, retry_after=20), "throttled", id="throttling"),
    ],
)
def test_a_sweep_that_fails_is_repeated(story: Story, fault: Fault, reason: str) -> None:
    """Later, from the start."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(fault)
    story.enqueue_task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    story.wait(NOW)
    story.wait(timedelta(minutes=2))
    story.run_until_idle()

    assert ("sweep", "delayed", reason) in story.task_outcomes(ada)
    assert story.has_link(ada, meeting)
