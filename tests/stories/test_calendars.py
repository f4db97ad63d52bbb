"""With `calendars: owned`, sweeps also search the other calendars that a mailbox owns."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import DirectoryUser, Fault
from shared import wiring
from shared.deadline import deadline
from shared.domain.messages import MAILBOX_TASKS, TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox, MailboxState
from tests.stories.conftest import RULES, StartStory, Story
from tests.stories.test_sweep import GUEST, NOW, sweep

OWNED = RULES.replace("rules:\n", "calendars: owned\nrules:\n").replace("per_hour: 5", "per_hour: 1000")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def story(start_story: StartStory) -> Story:
    """Return a story whose rules say `calendars: owned`."""
    return start_story(OWNED)


def row(user: DirectoryUser) -> Mailbox:
    return wiring.joinlink().parts.storage.mailboxes.read(user.id)


def searched(story: Story, user: DirectoryUser) -> list[str]:
    """Return which calendars of a person the app searched: ids, "" for the default one."""
    views = [path for path in story.calls("GET", user) if path.endswith("/calendarView")]
    return [path.partition("/calendars/")[2].partition("/")[0] for path in views]


def lists(story: Story, user: DirectoryUser) -> int:
    """Return how often the app read the list of a person's calendars."""
    return len([path for path in story.calls("GET", user) if path.endswith("/calendars")])


def swept(story: Story) -> Mapping[str, Any]:
    return story.log_lines("mailbox.swept")[-1]


def fill(story: Story, user: DirectoryUser, calendar: str, *sizes: int) -> list[str]:
    """Create meetings with these numbers of guests, which Joinlink does not see yet; return their ids."""
    guests = [[f"guest{n}@fabrikam.com" for n in range(size)] for size in sizes]
    return [story.create_meeting_in(calendar, user, *each) for each in guests]


def test_a_sweep_searches_all_calendars_that_the_mailbox_owns(story: Story) -> None:
    """Not what others share, nor birthdays and holidays. Each event's own calendar gives the provider."""
    ada, ben = story.add_person("Ada", watched=False), story.add_person("Ben", watched=False)
    graph = story.stage.graph
    project = graph.add_calendar(ada.id, "Project", "skypeForBusiness", ("skypeForBusiness",))
    shared_in = graph.add_calendar(ada.id, "Ben", shared_by=ben)
    birthdays = graph.add_calendar(ada.id, "Birthdays", can_edit=False)
    own, other = story.create_meeting(ada, GUEST), story.create_meeting_in(project, ada, GUEST)
    foreign = [story.create_meeting_in(one, ada, GUEST) for one in (shared_in, birthdays)]
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.run_until_idle()

    assert searched(story, ada) == ["", project]
    assert story.event(ada, own)["onlineMeetingProvider"] == "teamsForBusiness"
    assert story.event(ada, other)["onlineMeetingProvider"] == "skypeForBusiness"
    assert not any(story.has_link(ada, each) for each in foreign)
    assert (swept(story)["calendars"], swept(story)["calendars_unread"], swept(story)["queued"]) == (2, 0, 2)


@pytest.mark.parametrize("rules", [RULES, RULES.replace("rules:\n", "calendars: default\nrules:\n")])
def test_without_owned_only_the_default_calendar_is_read(start_story: StartStory, rules: str) -> None:
    """No list either: rules that worked before cost what they did."""
    story = start_story(rules)
    ada = story.add_person("Ada", watched=False)
    project = story.stage.graph.add_calendar(ada.id, "Project")
    meeting = story.create_meeting_in(project, ada, GUEST)
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.run_until_idle()

    assert (searched(story, ada), lists(story, ada)) == ([""], 0)
    assert not story.has_link(ada, meeting)


def test_a_sweep_costs_two_calls_and_one_for_each_further_calendar(story: Story) -> None:
    """One more, once a day, for the list."""
    ada = story.add_person("Ada", watched=False)
    for name in ("Project", "Team"):
        story.stage.graph.add_calendar(ada.id, name)
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.wait(NOW)
    costs = []
    for _ in range(5):
        story.wait(timedelta(hours=6))
        before = len(story.stage.graph.calls)
        sweep(story, ada)
        costs.append(len(story.stage.graph.calls) - before)

    assert costs == [4, 4, 4, 5, 4]
    assert lists(story, ada) == 2


def test_events_of_further_calendars_do_not_count_as_missed(story: Story) -> None:
    """Graph does not notify about them, so they don't show that a subscription has failed."""
    ada = story.add_person("Ada", watched=False)
    project = story.stage.graph.add_calendar(ada.id, "Project")
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.wait(HOUR)
    meeting = story.create_meeting_in(project, ada, GUEST)
    story.wait(HOUR)
    sweep(story, ada)

    assert story.has_link(ada, meeting)
    assert swept(story)["queued"] == 1
    assert story.log_lines("event.missed") == []
    assert [task for task, _, _ in story.task_outcomes(ada)].count("subscribe") == 1


def test_calendars_appear_vanish_and_are_renamed(story: Story) -> None:
    """The list is read again once a day, and after a calendar was not found. A name does not matter."""
    ada = story.add_person("Ada", watched=False)
    graph = story.stage.graph
    project, team = graph.add_calendar(ada.id, "Project"), graph.add_calendar(ada.id, "Team")
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.wait(NOW)
    graph.rename_calendar(ada.id, team, "Team 2")
    graph.remove_calendar(ada.id, project)
    added = graph.add_calendar(ada.id, "Added")
    meeting = story.create_meeting_in(added, ada, GUEST)
    sweep(story, ada)
    assert searched(story, ada)[2:] == [team, "", project, team]
    sweep(story, ada)

    assert searched(story, ada)[6:] == ["", team, added]
    assert story.has_link(ada, meeting)
    assert story.log_lines("calendar.unreadable") == []
    assert [one.id for one in row(ada).calendars.calendars] == [team, added]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(path="/calendars$", status=500, count=None), id="500, as for a shared calendar"),
        pytest.param(Fault(path="/calendars$", status=403, code="ErrorAccessDenied", count=None), id="403"),
        pytest.param(Fault(path="/calendars$", status=404, code="ErrorItemNotFound", count=None), id="404"),
        pytest.param(Fault(path="/calendars$", body=b'{"value": 7}', count=None), id="not a list"),
        pytest.param(
            Fault(
                path="/calendars$",
                count=None,
                edit=lambda page: page.update(
                    {"@odata.nextLink": "https://graph.microsoft.com/v1.0/users/x/calendars?$skip=1"}
                ),
            ),
            id="pages that never end",
        ),
    ],
)
def test_if_the_list_can_never_be_read_the_default_calendar_is_swept(story: Story, fault: Fault) -> None:
    """It is reported once a day, and the mailbox stays in use."""
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.faults.add(fault)
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.wait(NOW)
    meeting = story.create_meeting(ada, GUEST)
    for _ in range(2):
        sweep(story, ada)

    assert story.has_link(ada, meeting)
    assert set(searched(story, ada)) == {""}
    [line] = story.log_lines("calendar.unreadable")
    assert (line["mailbox"], line["calendar"]) == (ada.id, None)
    assert "list the calendars" in line["detail"]
    assert row(ada).state is MailboxState.ACTIVE


def test_calendars_that_are_known_are_swept_while_the_list_fails(story: Story) -> None:
    ada = story.add_person("Ada", watched=False)
    project = story.stage.graph.add_calendar(ada.id, "Project")
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.wait(DAY)
    story.stage.graph.faults.add(Fault(path="/calendars$", status=500, count=None))
    meeting = story.create_meeting_in(project, ada, GUEST)
    sweep(story, ada)

    assert story.has_link(ada, meeting)


@pytest.mark.parametrize(
    ("status", "code", "tries"),
    [
        pytest.param(403, "ErrorAccessDenied", 1, id="no rights"),
        pytest.param(400, "ErrorInvalidRequest", 1, id="a refusal"),
        pytest.param(500, "ErrorInternalServerError", 3, id="it always fails"),
    ],
)
def test_a_calendar_that_cant_be_read_does_not_affect_the_others(
    story: Story, status: int, code: str, tries: int
) -> None:
    """The sweep continues without it, says so once a day, and tries again at the next sweep."""
    ada = story.add_person("Ada", watched=False)
    graph = story.stage.graph
    closed, project = graph.add_calendar(ada.id, "Closed"), graph.add_calendar(ada.id, "Project")
    graph.faults.add(Fault(path=f"{closed}/calendarView", status=status, code=code, count=None))
    meetings = [
        story.create_meeting(ada, GUEST),
        story.create_meeting_in(project, ada, GUEST),
        story.create_meeting_in(closed, ada, GUEST),
    ]
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.run_until_idle()

    assert [story.has_link(ada, each) for each in meetings] == [True, True, False]
    assert (swept(story)["calendars"], swept(story)["calendars_unread"]) == (2, 1)
    delayed = [reason for task, outcome, reason in story.task_outcomes(ada) if outcome == "delayed"]
    assert delayed == ["graph_unavailable"] * (tries - 1)
    assert row(ada).state is MailboxState.ACTIVE
    assert story.poison_messages(MAILBOX_TASKS) == []

    sweep(story, ada)
    assert [line["calendar"] for line in story.log_lines("calendar.unreadable")] == [closed]
    graph.faults.clear()
    sweep(story, ada)
    assert story.has_link(ada, meetings[2])


def test_a_throttled_calendar_is_read_later(story: Story) -> None:
    """As for the default calendar: the sweep waits, and continues there."""
    ada = story.add_person("Ada", watched=False)
    project = story.stage.graph.add_calendar(ada.id, "Project")
    meeting = story.create_meeting_in(project, ada, GUEST)
    story.stage.graph.faults.add(Fault(path="/calendars/", status=429, retry_after=30, count=4))
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert searched(story, ada).count("") == 1
    assert swept(story)["calendars_unread"] == 0


def test_a_long_sweep_continues_with_the_next_calendar_in_another_message(story: Story) -> None:
    """With less than a third of a message's time left, no calendar is begun."""
    ada = with_calendar(story, 1, 1)
    fill(story, ada, story.stage.graph.add_calendar(ada.id, "Team"), 1)
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    with deadline(timedelta(seconds=19)):
        story.wait(NOW)

    sweeps = [reason for task, _, reason in story.task_outcomes(ada) if task == "sweep"]
    assert sweeps == ["more_pages", "more_pages", "window_searched"]
    assert len(searched(story, ada)) == 3
    assert (swept(story)["calendars"], swept(story)["queued"]) == (3, 3)


def with_calendar(story: Story, *sizes: int) -> DirectoryUser:
    """Return a person with a second calendar, and meetings in it with these numbers of guests."""
    ada = story.add_person("Ada", watched=False)
    fill(story, ada, story.stage.graph.add_calendar(ada.id, "Project"), *sizes)
    return ada


def sweep_once(story: Story, user: DirectoryUser) -> None:
    """Sweep, and leave the events on the queue that are due later."""
    story.enqueue_task(TaskKind.SWEEP, user, TaskReason.SCHEDULE)
    story.wait(NOW)


def test_the_calendar_of_a_series_does_not_matter(story: Story) -> None:
    """The master is read from the mailbox, as for the default calendar."""
    ada = story.add_person("Ada", watched=False)
    project = story.stage.graph.add_calendar(ada.id, "Project")
    series = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "noEnd", "startDate": "2026-11-24"},
    }
    master = story.create_meeting_in(project, ada, GUEST, recurrence=series)
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.run_until_idle()

    assert story.has_link(ada, master)
    assert swept(story)["queued"] == 1
