"""`joinlink events`, and what else names an event for `joinlink explain`: links, iCalUId, a choice."""

import json
import sys
from functools import partial
from typing import Any

import pytest

from sandbox.graph import DirectoryUser, Fault
from shared.worker.events.calendar_pages import CalendarSearch
from tests.stories.conftest import RULES, RunJoinlink, StartStory, Story
from tests.stories.test_at_most_once import GUEST
from tests.stories.test_the_desk import snapshot

DAILY = {
    "pattern": {"type": "daily", "interval": 1},
    "range": {"type": "numbered", "startDate": "2026-11-20", "numberOfOccurrences": 30, "recurrenceTimeZone": "UTC"},
}  # fmt: skip


def at(day: int, hour: int) -> dict[str, Any]:
    """Return start and end of a meeting of an hour in November."""
    return {
        "start": {"dateTime": f"2026-11-{day}T{hour:02}:00:00", "timeZone": "UTC"},
        "end": {"dateTime": f"2026-11-{day}T{hour + 1:02}:00:00", "timeZone": "UTC"},
    }


@pytest.fixture
def ada(story: Story) -> DirectoryUser:
    return story.add_person("Ada")


@pytest.fixture
def meetings(story: Story, ada: DirectoryUser) -> dict[str, str]:
    """Return meetings that end differently, and a series that began last week."""
    return {
        "external": story.create_meeting(ada, GUEST, subject="Secret plans", **at(25, 9)),
        "trial": story.create_meeting(ada, "cy@contoso.com", subject="trial", **at(24, 9)),
        "series": story.create_meeting(ada, "cy@contoso.com", recurrence=DAILY, **at(20, 8)),
        "later": story.create_meeting(ada, GUEST, start={"dateTime": "2027-01-01T09:00:00", "timeZone": "UTC"}, end={"dateTime": "2027-01-01T10:00:00", "timeZone": "UTC"}),
    }  # fmt: skip


def test_the_coming_events_of_a_mailbox_are_listed_with_their_verdicts(
    story: Story, ada: DirectoryUser, meetings: dict[str, str], run_joinlink: RunJoinlink
) -> None:
    """By their start, a series once; the verdict is what the worker then does, and nothing is written."""
    story.stage.graph.deliver()
    before, calls = snapshot(story), len(story.stage.graph.calls)
    listed = json.loads(run_joinlink("events", "--mailbox", "ada@contoso.com", "--json").out)
    text = run_joinlink("events", "--mailbox", ada.id)

    assert [one["event"] for one in listed["events"]] == [
        meetings[name] for name in ("series", "trial", "external")
    ]
    assert [one["start"][:16] for one in listed["events"]] == [
        "2026-11-23T08:00",
        "2026-11-24T09:00",
        "2026-11-25T09:00",
    ]
    assert [one["series"] for one in listed["events"]] == [True, False, False]
    assert "Secret plans" not in json.dumps(listed) + text.out
    assert (
        f"✓ Wed 2026-11-25 09:00 UTC  1 h 00 min, 1 attendee\n    gets a join link from rule external, if its limits and the calendar allow it (link_added)\n    {meetings['external']}\n"
        in text.out
    )
    assert "1 of 3 events gets a join link now, 1 more if promoted" in text.out
    assert snapshot(story) == before
    assert {call.method for call in story.stage.graph.calls[calls:]} == {"GET"}
    story.run_until_idle()
    outcomes = {line["event_id"]: (line["outcome"], line["reason"]) for line in reversed(story.log_lines())}
    words = {"enable": "enabled", "would_enable": "would_enable", "skip": "skipped"}
    assert [(words[one["verdict"]], one["reason"]) for one in listed["events"]] == [outcomes[one["event"]] for one in listed["events"]]  # fmt: skip


def test_time_and_number_select(meetings: dict[str, str], run_joinlink: RunJoinlink) -> None:
    """What is left out is said; subjects are shown where they are asked for."""
    few = run_joinlink("events", "--mailbox", "ada@contoso.com", "--most", "1").out
    far = run_joinlink("events", "--mailbox", "ada@contoso.com", "--until", "90d", "--with-subjects").out

    assert "and 2 more" in few
    assert meetings["external"] not in few
    assert meetings["later"] in far
    assert "1 attendee  Secret plans\n" in far


def test_the_brake_is_a_note_of_the_list(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and not for each event."""
    story.create_meeting(ada, GUEST)
    story.create_meeting(ada, GUEST)
    monkeypatch.setenv("JOINLINK_MODE", "report")
    text = run_joinlink("events", "--mailbox", "ada@contoso.com").out

    assert text.count("note  JOINLINK_MODE=report is set") == 1
    assert text.count("(brake)") == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["--mailbox", "nobody@contoso.com"], 1, "Graph has no usable mailbox of this name", id="no such mailbox"),
        pytest.param(["--mailbox", "a/b"], 2, "--mailbox takes an id", id="no name of a mailbox"),
        pytest.param(["--mailbox", ""], 2, "--mailbox is empty", id="an empty name"),
        pytest.param(["--mailbox", "ada@contoso.com", "--until", "soon"], 2, "--until expects", id="no time"),
        pytest.param(["--mailbox", "ada@contoso.com", "--until", "9999d"], 2, "--until expects", id="a time that Graph does not show"),
        pytest.param(["--mailbox", "ada@contoso.com", "--rules", "nowhere"], 2, "nowhere", id="no rules"),
        pytest.param(["--mailbox", "ada@contoso.com"], 0, "No event in the next 7d.", id="an empty calendar"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("ada")
def test_bad_input_is_one_sentence(
    run_joinlink: RunJoinlink, arguments: list[str], code: int, said: str
) -> None:
    """With the documented exit code."""
    result = run_joinlink("events", *arguments)

    assert (result.exit, said in result.out + result.err) == (code, True)
    assert "Traceback" not in result.err


@pytest.mark.usefixtures("meetings")
@pytest.mark.parametrize(
    ("status", "said"),
    [pytest.param(403, "Graph denies access: grant this identity Calendars.Read", id="no right"), pytest.param(503, "Graph can't be reached, or fails; try again", id="an outage")],
)  # fmt: skip
def test_a_calendar_that_graph_refuses_is_one_sentence(
    story: Story, run_joinlink: RunJoinlink, status: int, said: str
) -> None:
    """Exit code 1, with what to do."""
    story.stage.graph.faults.add(Fault(method="GET", path="calendarView", status=status, count=9))
    result = run_joinlink("events", "--mailbox", "ada@contoso.com")

    assert result.exit == 1
    assert said in result.err.replace("\n", " ")


def test_a_large_calendar_is_not_read_to_its_end(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list says that it is not complete."""
    monkeypatch.setattr("shared.desk.coming_events._MOST_READ", 3)
    monkeypatch.setattr("cli.coming.CalendarSearch", partial(CalendarSearch, page_size=2))
    for hour in range(9, 17):
        story.create_meeting(ada, GUEST, **at(24, hour))
    calls = len(story.stage.graph.calls)
    result = run_joinlink("events", "--mailbox", "ada@contoso.com")
    pages = [call for call in story.stage.graph.calls[calls:] if call.path.endswith("/calendarView")]

    assert (result.exit, len(pages)) == (0, 2)
    assert "4 of 4 events get" in result.out
    assert "some of the first may be missing" in result.out


def test_an_event_is_explained_by_its_links_and_uids(
    story: Story, ada: DirectoryUser, meetings: dict[str, str], run_joinlink: RunJoinlink
) -> None:
    """Each names the same event as its immutable id; an occurrence's iCalUId names its series."""
    story.run_until_idle()
    shown = story.event(ada, meetings["external"])
    series = story.event(ada, meetings["series"])
    uid = series["iCalUId"]
    names = {
        shown["id"]: "external",
        shown["webLink"]: "external",
        shown["iCalUId"]: "external",
        shown["onlineMeeting"]["joinUrl"]: "external",
        uid[:32] + "07EA0B18" + uid[40:]: "series",
    }
    for text, name in names.items():
        result = run_joinlink("explain", "--mailbox", "ada@contoso.com", "--event-id", text, "--json")
        explained = json.loads(result.out)

        assert (explained["event"], result.exit) == (meetings[name], 0)
        assert not [note for note in explained["notes"] if "part of a series" in note]


@pytest.mark.usefixtures("meetings")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("it's@google.com", "no event of this mailbox has this iCalUId", id="an unknown iCalUId"),
        pytest.param("https://teams.microsoft.com/meet/1", "no event of the default calendar in the last 30 and the next 90 days has this join link", id="an unknown join link"),
    ],
)  # fmt: skip
def test_a_name_that_no_event_has_is_one_sentence(run_joinlink: RunJoinlink, name: str, said: str) -> None:
    """With what was searched."""
    result = run_joinlink("explain", "--mailbox", "ada@contoso.com", "--event-id", name)

    assert (result.exit, said in result.err) == (1, True)


def test_a_mailbox_alone_offers_its_events(
    meetings: dict[str, str], run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal, by number; a number that is not there is asked for again."""
    answers = iter([9, 0, 3])
    monkeypatch.setattr("typer.prompt", lambda *_texts, **_options: next(answers))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    result = run_joinlink("explain", "--mailbox", "ada@contoso.com")

    assert result.exit == 0
    assert "  3  Wed 2026-11-25 09:00 UTC" in result.out
    assert "Guards: the first that applies decides" in result.out
    assert list(answers) == []
    assert meetings["external"] in result.out


class TestOwnedCalendars:
    """Rules with `calendars: owned` read what the sweep reads, and name what can't be read."""

    @pytest.fixture
    def story(self, start_story: StartStory) -> Story:
        return start_story(RULES.replace("rules:\n", "calendars: owned\nrules:\n"))

    @pytest.fixture
    def project(self, story: Story, ada: DirectoryUser) -> str:
        """Return a calendar that Ada owns; Ben shares another with her."""
        story.stage.graph.add_calendar(ada.id, "Ben's", shared_by=story.add_person("Ben"))
        return story.stage.graph.add_calendar(ada.id, "Project")

    def test_all_calendars_that_the_mailbox_owns_are_listed(
        self, story: Story, ada: DirectoryUser, project: str, run_joinlink: RunJoinlink
    ) -> None:
        """By start across calendars; the name of the calendar is shown where it is not the default one."""
        own = story.create_meeting(ada, GUEST, **at(25, 9))
        other = story.create_meeting_in(project, ada, GUEST, **at(24, 9))
        listed = json.loads(run_joinlink("events", "--mailbox", "ada@contoso.com", "--json").out)
        text = run_joinlink("events", "--mailbox", ada.id).out

        assert [(one["event"], one["calendar"]) for one in listed["events"]] == [
            (other, "Project"),
            (own, None),
        ]
        assert listed["unread_calendars"] == []
        assert text.count("in Project") == text.count(" in ") == 1

    def test_what_cant_be_read_is_named_and_the_rest_is_listed(
        self, story: Story, ada: DirectoryUser, project: str, run_joinlink: RunJoinlink
    ) -> None:
        """Exit code 1: the list is not complete."""
        team = story.stage.graph.add_calendar(ada.id, "Team")
        other = story.create_meeting_in(team, ada, GUEST)
        faults = story.stage.graph.faults
        faults.add(Fault(path=f"{project}/calendarView", status=403, code="ErrorAccessDenied", count=None))
        text = run_joinlink("events", "--mailbox", ada.id)
        listed = json.loads(run_joinlink("events", "--mailbox", ada.id, "--json").out)
        faults.add(Fault(path="/calendars$", status=500, count=None))
        without_list = run_joinlink("events", "--mailbox", ada.id)

        assert (text.exit, other in text.out) == (1, True)
        assert 'The calendar "Project" can\'t be read: Graph denies access' in text.out
        assert [one["calendar"] for one in listed["unread_calendars"]] == ['calendar "Project"']
        assert "The list of further calendars can't be read" in without_list.out
        assert without_list.exit == 1

    def test_a_join_link_is_searched_in_all_of_them(
        self, story: Story, ada: DirectoryUser, project: str, run_joinlink: RunJoinlink
    ) -> None:
        """If it is not found, the calendars that could not be searched are named."""
        other = story.create_meeting_in(project, ada, GUEST, isOnlineMeeting=True)
        link = story.event(ada, other)["onlineMeeting"]["joinUrl"]
        found = run_joinlink("explain", "--mailbox", ada.id, "--event-id", link, "--json")
        fault = Fault(path=f"{project}/calendarView", status=403, code="ErrorAccessDenied", count=None)
        story.stage.graph.faults.add(fault)
        lost = run_joinlink("explain", "--mailbox", ada.id, "--event-id", link)

        assert json.loads(found.out)["event"] == other
        assert lost.exit == 1
        assert 'the calendar "Project" can\'t be read' in lost.err

    def test_they_are_offered_to_choose_from(
        self,
        story: Story,
        ada: DirectoryUser,
        project: str,
        run_joinlink: RunJoinlink,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        story.create_meeting_in(project, ada, GUEST, subject="Kick-off")
        monkeypatch.setattr("typer.prompt", lambda *_texts, **_options: 1)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        result = run_joinlink("explain", "--mailbox", "ada@contoso.com")

        assert result.exit == 0
        assert "in Project" in result.out
