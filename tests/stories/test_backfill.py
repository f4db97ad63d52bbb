"""`joinlink backfill` adds links to meetings that exist already, at a moderate pace."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from sandbox.graph import DirectoryUser, Fault, NotificationDelivery
from shared import wiring
from shared.storage.queues import MessageQueue
from tests.stories.conftest import RULES, RunJoinlink, StartStory, Story
from tests.stories.test_a_meeting import SERIES

GUEST = "bo@fabrikam.com"
FREE = RULES.replace("per_hour: 5", "per_hour: 1000")
NOW, HOUR = timedelta(0), timedelta(hours=1)


@pytest.fixture
def story(start_story: StartStory, request: pytest.FixtureRequest) -> Story:
    """All notifications are lost, so every meeting counts as one that existed before."""
    settings: dict[str, str] = {"rules": FREE, **getattr(request, "param", {})}
    story = start_story(**settings)
    story.stage.graph.delivery = NotificationDelivery(lose=1.0)
    assert wiring.joinlink().policies.current()  # the app has loaded its rules
    return story


def counted(run_joinlink: RunJoinlink, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
    """Run the command with --json and return its document."""
    result = run_joinlink("backfill", *arguments, "--json")
    assert result.exit == exit_code, result
    document: dict[str, Any] = json.loads(result.out)
    return document


def guests(number: int) -> list[str]:
    return [f"guest{n}@fabrikam.com" for n in range(number)]


def mails_over_time(story: Story, time: timedelta) -> Iterator[tuple[datetime, int]]:
    """Let time pass in small steps; yield the number of mails at each."""
    end = story.stage.clock.now() + time
    while story.stage.clock.now() < end:
        before = len(story.stage.graph.mails)
        story.wait(timedelta(seconds=5))
        sent = story.stage.graph.mails[before:]
        if sent:
            yield story.stage.clock.now(), sum(mail.recipients for mail in sent)


def patched(story: Story, user: DirectoryUser) -> list[str]:
    return sorted(story.calls("PATCH", user))


def test_the_dry_run_counts_what_then_happens(story: Story, run_joinlink: RunJoinlink) -> None:
    """Links and mails, by mailbox, by rule and in total; the dry run writes nothing."""
    ada, ben = story.add_person("Ada", watched=False), story.add_person("Ben", watched=False)
    story.create_meeting(ada, *guests(3))
    story.create_meeting(ada, *guests(2), **SERIES)
    story.create_meeting(ada, GUEST, subject="[no link]")
    story.create_meeting(ada, "cy@contoso.com", subject="trial")
    story.create_meeting(ada, GUEST, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    story.create_meeting(ben, GUEST)
    totals = counted(run_joinlink, "--all", "--dry-run")

    assert not [call for call in story.stage.graph.calls if call.method != "GET"]
    assert not any(story.stage.host.waiting().values())
    assert (totals["links"], totals["attendees_mailed"]) == (3, 6)
    assert totals["rules"] == {"external": {"links": 3, "attendees_mailed": 6}}
    assert totals["would_enable"] == {"trial": 1}
    assert [
        (x["name"], x["links"], x["attendees_mailed"])
        for x in sorted(totals["mailboxes"], key=lambda x: x["name"])
    ] == [
        ("ada@contoso.com", 2, 5),
        ("ben@contoso.com", 1, 1),
    ]

    done = counted(run_joinlink, "--all", "--yes")
    assert {**done, "queued": False, "last": ""} == {**totals, "last": ""}
    before = len(story.stage.graph.mails)
    story.run_until_idle()
    lines = [line for line in story.log_lines() if line["outcome"] == "enabled"]

    assert [line["source"] for line in lines] == ["backfill"] * 3
    assert sum(mail.recipients for mail in story.stage.graph.mails[before:]) == 6
    assert (len(patched(story, ada)), len(patched(story, ben))) == (2, 1)


def test_no_minute_mails_more_than_twenty_attendees(story: Story, run_joinlink: RunJoinlink) -> None:
    """In each mailbox, even with many meetings; a larger meeting gets its minutes for itself."""
    ada = story.add_person("Ada", watched=False)
    sizes = [8, 8, 8, 1, 19, 30, 1, 5]
    for size in sizes:
        story.create_meeting(ada, *guests(size))
    counted(run_joinlink, "--mailbox", "ada@contoso.com", "--yes")
    sent = list(mails_over_time(story, timedelta(minutes=12)))

    assert sum(mails for _at, mails in sent) == sum(sizes)
    for begin, first in sent:
        minute = [mails for at, mails in sent if begin <= at < begin + timedelta(minutes=1)]
        assert sum(minute) <= 20 or minute == [first] == [30]


@pytest.mark.parametrize("story", [pytest.param({"rules": RULES}, id="five an hour")], indirect=True)
def test_limits_of_rules_hold_and_leave_room_for_new_meetings(
    story: Story, run_joinlink: RunJoinlink
) -> None:
    """The backfill uses two of five writes an hour, so a new meeting gets its link."""
    ada = story.add_person("Ada")
    for n in range(5):
        story.create_meeting(ada, GUEST, subject=f"Old {n}")
    counted(run_joinlink, "--all", "--yes")
    story.stage.graph.delivery = NotificationDelivery()
    new = story.create_meeting(ada, GUEST, subject="New")
    story.wait(timedelta(minutes=1))
    story.wait(timedelta(minutes=1))

    assert story.has_link(ada, new)
    for _ in range(3):
        story.wait(HOUR)
    ends = Counter((line["outcome"], line["source"]) for line in story.log_lines())
    assert ends["enabled", "backfill"] == 5
    assert not story.log_lines("rule.limit_reached")


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(2, id="in the first mailbox"),
        pytest.param(4, id="at the start of the second"),
        pytest.param(9, id="at the very last"),
    ],
)
def test_stopped_and_run_again_it_patches_nothing_twice(
    message: int, story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends what was not sent before, and every meeting gets one link."""
    people = [story.add_person(name, watched=False) for name in ("Ada", "Ben", "Cleo")]
    meetings = [
        (person, story.create_meeting(person, GUEST, subject=f"{n}")) for person in people for n in range(3)
    ]
    send, sent = MessageQueue.send, count(1)

    def stop(queue: MessageQueue, text: str, delay: timedelta = NOW) -> None:
        if next(sent) == message:
            raise KeyboardInterrupt
        send(queue, text, delay)

    monkeypatch.setattr(MessageQueue, "send", stop)
    stopped = run_joinlink("backfill", "--all", "--yes")
    monkeypatch.setattr(MessageQueue, "send", send)
    story.wait(timedelta(seconds=1))
    again = counted(run_joinlink, "--all", "--yes")

    assert stopped.exit == 130
    assert "Stopped; the same command resumes with the rest." in stopped.out
    assert again["continued"]
    story.run_until_idle()
    assert all(story.has_link(person, meeting) for person, meeting in meetings)
    assert [len(patched(story, person)) for person in people] == [3, 3, 3]


def test_the_same_command_resumes_a_run(story: Story, run_joinlink: RunJoinlink) -> None:
    """A mailbox that Graph did not return is the only one that the second command searches."""
    ada, ben = story.add_person("Ada", watched=False), story.add_person("Ben", watched=False)
    story.create_meeting(ada, GUEST)
    late = story.create_meeting(ben, GUEST)
    story.stage.graph.faults.add(Fault(path=f"{ben.id}/calendarView", status=403, count=None))
    first = run_joinlink("backfill", "--all", "--yes", "--json")
    story.stage.graph.faults.clear()
    seen = len(story.calls("GET", ada))
    second = counted(run_joinlink, "--all", "--yes")

    assert first.exit == 1
    assert list(json.loads(first.out)["left"]) == [ben.id]
    assert (second["continued"], second["searched"]["done_before"], second["searched"]["searched"]) == (
        True,
        1,
        1,
    )
    assert len(story.calls("GET", ada)) == seen
    story.run_until_idle()
    assert story.has_link(ben, late)


def test_a_second_run_sends_nothing_twice(story: Story, run_joinlink: RunJoinlink) -> None:
    """It skips a mailbox whose changes are not due yet; after that there is nothing to do in it."""
    ada = story.add_person("Ada", watched=False)
    for _ in range(3):
        story.create_meeting(ada, *guests(20))
    first = counted(run_joinlink, "--all", "--yes")
    second = counted(run_joinlink, "--all", "--yes")
    story.run_until_idle()
    third = counted(run_joinlink, "--all", "--yes")

    assert (first["links"], second["links"], third["links"]) == (3, 0, 0)
    assert second["searched"]["under_way"] == 1
    assert len(patched(story, ada)) == 3


def test_it_waits_when_graph_throttles(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For as long as Graph says; then it searches the mailbox."""
    ada = story.add_person("Ada", watched=False)
    story.create_meeting(ada, GUEST)
    slept: list[float] = []
    monkeypatch.setattr("cli.backfill.sleep", slept.append)
    story.stage.graph.faults.add(Fault(path="calendarView", status=429, retry_after=20))

    assert counted(run_joinlink, "--all", "--dry-run")["links"] == 1
    assert slept == [20.0]


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(
            {"rules": f"{FREE}\nmailboxes: {{exclude: [{{user: ben@contoso.com}}]}}"}, id="one excluded"
        ),
        pytest.param(
            {"rules": f"{FREE}\nmailboxes: {{include: [{{user: ada@contoso.com}}]}}"}, id="one included"
        ),
    ],
    indirect=True,
)
def test_mailboxes_outside_the_scope_are_skipped(story: Story, run_joinlink: RunJoinlink) -> None:
    """Members of a group that are outside the scope of the rules, and mailboxes that are named."""
    ada, ben, cleo = (story.add_person(name, watched=False) for name in ("Ada", "Ben", "Cleo"))
    for person in (ada, ben, cleo):
        story.create_meeting(person, GUEST)
    group = story.stage.graph.add_group("Sales", [ada, ben])
    totals = counted(run_joinlink, "--group", group, "--dry-run")
    result = run_joinlink("backfill", "--mailbox", "ben@contoso.com", "--dry-run")

    assert [each["mailbox"] for each in totals["mailboxes"]] == [ada.id]
    assert result.exit == 2
    assert "\njoinlink: there is no mailbox to search" in result.err


@pytest.mark.parametrize("story", [pytest.param({"JOINLINK_MODE": "report"}, id="the brake")], indirect=True)
def test_in_report_mode_nothing_is_queued(story: Story, run_joinlink: RunJoinlink) -> None:
    """It says so, and shows what would be queued."""
    ada = story.add_person("Ada", watched=False)
    story.create_meeting(ada, GUEST)
    story.run_until_idle()
    result = run_joinlink("backfill", "--all", "--yes")

    assert "JOINLINK_MODE=report is set" in result.out
    assert "external would add 1 link without JOINLINK_MODE=report" in result.out
    assert not any(story.stage.host.waiting().values())


@pytest.mark.parametrize(
    "story",
    [pytest.param({"rules": FREE.replace("rules:\n", "calendars: owned\nrules:\n")}, id="owned")],
    indirect=True,
)
def test_all_calendars_that_a_mailbox_owns_are_searched(story: Story, run_joinlink: RunJoinlink) -> None:
    """One without rights is counted; one that Graph can't list leaves the default calendar."""
    ada, ben = story.add_person("Ada", watched=False), story.add_person("Ben", watched=False)
    graph = story.stage.graph
    project, closed = graph.add_calendar(ada.id, "Project"), graph.add_calendar(ada.id, "Closed")
    shared_in = graph.add_calendar(ada.id, "Ben", shared_by=ben)
    for calendar in ("", project, closed, shared_in):
        story.create_meeting_in(calendar, ada, GUEST)
    story.create_meeting(ben, GUEST)
    graph.faults.add(Fault(path=f"{closed}/calendarView", status=403, code="ErrorAccessDenied", count=None))
    graph.faults.add(Fault(path=f"{ben.id}/calendars$", status=500, count=None))
    assert "2 calendars, or lists, skipped" in run_joinlink("backfill", "--all", "--dry-run").out
    totals = counted(run_joinlink, "--all", "--yes", exit_code=1)
    story.run_until_idle()

    assert (totals["links"], totals["unread_calendars"], totals["left"]) == (3, 2, {})
    assert (len(patched(story, ada)), len(patched(story, ben))) == (2, 1)
