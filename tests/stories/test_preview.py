"""`joinlink preview` holds rules against calendars and writes nothing."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.graph import DirectoryUser, Fault
from tests.stories.conftest import RULES, RunJoinlink, Story
from tests.stories.test_a_meeting import SERIES
from tests.stories.test_moved_occurrences import create_quietly, move

GUEST = "bo@fabrikam.com"


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of this test for what a preview keeps until it has ended."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "joinlink"


def document(run_joinlink: RunJoinlink, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
    """Run the command with --json and return its document."""
    result = run_joinlink("preview", *arguments, "--json")
    assert result.exit == exit_code, result
    read: dict[str, Any] = json.loads(result.out)
    return read


def results(document: dict[str, Any], stance: str = "promoted") -> dict[str, tuple[str, str, str | None]]:
    """Return outcome, reason and rule by the event's id."""
    decisions = {each["event"]: each["decisions"][0][stance] for each in document["meetings"]}
    return {event: (each["outcome"], each["reason"], each["rule"]) for event, each in decisions.items()}


def links(document: dict[str, Any], stance: str = "promoted") -> dict[str, int]:
    """Return the number of links by rule."""
    return {each["rule"]: each["meetings"] for each in document["rule_sets"][0][stance]["rules"]}


def past(story: Story, days: int, **properties: Any) -> dict[str, Any]:
    """Return the properties of a meeting that ended some days ago."""
    start = story.stage.clock.now() - timedelta(days=days)
    times = {"start": start, "end": start + timedelta(hours=1)}
    return {
        name: {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"} for name, at in times.items()
    } | properties


def test_every_meeting_counts_as_it_stands_and_as_if_promoted(
    story: Story, run_joinlink: RunJoinlink
) -> None:
    """By rule and reason, each series once, and only in its organizer's calendar; nothing is written."""
    ada, ben = story.add_person("Ada", watched=False), story.add_person("Ben", watched=False)
    story.create_meeting(ada, GUEST)
    story.create_meeting(ada, GUEST, **SERIES)
    trial = story.create_meeting(ada, "cy@contoso.com", subject="trial")
    opted_out = story.create_meeting(ada, GUEST, subject="[no link]")
    online = story.create_meeting(ada, GUEST, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    zoom = story.create_meeting(ada, GUEST, location={"displayName": "https://zoom.us/j/123"})
    story.create_meeting(ben, GUEST, "ada@contoso.com")
    report = document(run_joinlink, "--all")

    assert [call.method for call in story.stage.graph.calls if call.method != "GET"] == []
    assert not any(story.stage.host.waiting().values())
    assert (report["meetings_read"], report["copies"]) == (7, 1)
    assert links(report, "as_it_stands") == {"trial": 0, "external": 3}
    assert links(report) == {"trial": 1, "external": 3}
    found, now = results(report), results(report, "as_it_stands")
    assert now[trial] == ("would_enable", "report_mode", "trial")
    assert found[trial] == ("enabled", "link_added", "trial")
    assert found[opted_out] == ("skipped", "rule_skip", "opted-out")
    assert found[online] == ("skipped", "already_online", None)
    assert found[zoom] == ("skipped", "other_join_link", None)
    assert report["rule_sets"][0]["promoted"]["links"] == {
        "meetings": 4, "mailboxes": 2, "attendees": 5, "coming": 4, "added": 0, "to_add": 4, "other_links": 0,
    }  # fmt: skip


PAST = """
version: 1
internal_domains: [contoso.com]
rules:
  - {id: over, mode: enforce, when: {subject: over}, active: {until: 2026-11-22}}
  - {id: new, mode: enforce, when: {subject: new}, active: {from: 2026-11-22}}
  - {id: soon, mode: enforce, when: {starts_in: {at_most: 3h}}}
"""


@pytest.fixture
def ada(story: Story) -> DirectoryUser:
    """One person with a calendar."""
    return story.add_person("Ada", watched=False)


def test_a_past_meeting_is_decided_as_of_its_creation_by_the_rules_that_are_active_now(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink, tmp_path: Path
) -> None:
    """So an admin sees what the rules of today would have done."""
    now = story.stage.clock.now()
    over = story.create_meeting(ada, GUEST, **past(story, 0, subject="over"))
    new = story.create_meeting(ada, GUEST, **past(story, 0, subject="new"))
    soon = story.create_meeting(ada, GUEST, **past(story, 0, subject="soon"))
    late = story.create_meeting(ada, GUEST, **past(story, -1, subject="late"))
    story.stage.clock.advance(timedelta(days=3))
    rules = tmp_path / "other"
    rules.mkdir()
    (rules / "rules.yaml").write_text(PAST)
    report = document(run_joinlink, "--all", "--rules", str(rules))

    assert results(report) == {
        over: ("enabled", "link_added", "soon"),
        new: ("enabled", "link_added", "new"),
        soon: ("enabled", "link_added", "soon"),
        late: ("skipped", "no_rule_matched", None),
    }
    assert {each["past"] for each in report["meetings"]} == {True}
    [hour] = [x["busiest_hour"] for x in report["rule_sets"][0]["promoted"]["limits"] if x["rule"] == "soon"]
    assert hour == {"links": 2, "at": now.isoformat()}


def test_meetings_that_joinlink_enabled_count_as_they_were_before(
    story: Story, run_joinlink: RunJoinlink
) -> None:
    """Its memory tells them from meetings that people made online; links that people removed stay removed."""
    ada = story.add_person("Ada")
    added, removed = story.create_meeting(ada, GUEST), story.create_meeting(ada, GUEST)
    series = story.create_meeting(ada, GUEST, **SERIES)
    own = story.create_meeting(ada, GUEST, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    story.run_until_idle()
    story.stage.graph.people.remove_link(ada.id, removed)
    story.stage.clock.advance(timedelta(minutes=2))
    report = document(run_joinlink, "--all")

    found = results(report)
    assert found[added] == found[series] == ("enabled", "link_added", "external")
    assert found[removed] == ("skipped", "removed_by_user", None)
    assert found[own] == ("skipped", "already_online", None)
    assert {x["event"] for x in report["meetings"] if x["added"]} == {added, series}
    count = report["rule_sets"][0]["promoted"]["links"]
    assert (count["meetings"], count["added"], count["to_add"]) == (2, 2, 0)


def test_calendars_of_rooms_and_of_other_kinds_are_not_in_scope(
    story: Story, run_joinlink: RunJoinlink, tmp_path: Path
) -> None:
    """As in the app; rules that include shared mailboxes add their links there."""
    room, team = (story.add_person(kind, watched=False, kind=kind) for kind in ("room", "shared"))
    in_room, of_team = story.create_meeting(room, GUEST), story.create_meeting(team, GUEST)
    rules = tmp_path / "other"
    rules.mkdir()
    (rules / "rules.yaml").write_text(RULES + "mailboxes: {include: all, kinds: [user, shared]}\n")
    report = document(run_joinlink, "--all", "--against", str(rules))

    decisions = {
        each["event"]: [
            (one["promoted"]["reason"], one["promoted"]["first_line"]) for one in each["decisions"]
        ]
        for each in report["meetings"]
    }
    disabled = ("not_in_scope", "the rules do not include it: account disabled")
    in_a_room = ("not_in_scope", "it is in the calendar of a room or device")
    assert decisions == {in_room: [disabled, in_a_room], of_team: [disabled, ("link_added", "external")]}


def test_a_change_of_rules_shows_what_it_would_change(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink, tmp_path: Path
) -> None:
    """From the rules in force to those of a folder."""
    story.create_meeting(ada, GUEST)
    gained = story.create_meeting(ada, "cy@contoso.com", subject="gained")
    rules = tmp_path / "other"
    rules.mkdir()
    (rules / "rules.yaml").write_text(RULES.replace("trial", "gained"))
    report = document(run_joinlink, "--all", "--against", str(rules))

    assert [each["name"] for each in report["rule_sets"]] == ["JOINLINK_RULES", rules.as_posix()]
    assert [each["promoted"]["links"]["meetings"] for each in report["rule_sets"]] == [1, 2]
    [change] = report["changes"]["promoted"]
    assert change["from"] == {"outcome": "skipped", "reason": "no_rule_matched", "rule": None}
    assert change["to"] == {"outcome": "enabled", "reason": "link_added", "rule": "gained"}
    assert (change["meetings"], change["attendees"]) == (1, 1)
    assert report["changes"]["as_it_stands"][0]["to"]["outcome"] == "would_enable"
    assert gained in results(report)


def test_a_body_is_read_only_where_the_decision_depends_on_it(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink
) -> None:
    """As in the worker: of meetings that would get a link otherwise."""
    text = f"{'Agenda. ' * 60} https://zoom.us/j/123456789"
    zoom = story.create_meeting(ada, GUEST, body={"contentType": "text", "content": text})
    plain = story.create_meeting(ada, GUEST)
    skipped = story.create_meeting(ada, GUEST, subject="[no link]")
    report = document(run_joinlink, "--all")

    assert results(report) == {
        zoom: ("skipped", "other_join_link", None),
        plain: ("enabled", "link_added", "external"),
        skipped: ("skipped", "rule_skip", "opted-out"),
    }
    read = [call.path for call in story.stage.graph.calls if "/events/" in call.path]
    assert sorted(path.rpartition("/")[2] for path in read) == sorted([zoom, plain])
    assert text not in json.dumps(report)


def test_all_calendars_that_a_mailbox_owns_are_read_if_the_rules_say_so(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink, tmp_path: Path
) -> None:
    """With the providers of each calendar; other rules count them as not in scope."""
    graph = story.stage.graph
    project = graph.add_calendar(ada.id, "Project")
    skype = graph.add_calendar(ada.id, "Skype", "skypeForBusiness", ("teamsForBusiness",))
    closed = graph.add_calendar(ada.id, "Closed")
    in_default, in_project, in_skype, _in_closed = (
        story.create_meeting_in(calendar, ada, GUEST) for calendar in ("", project, skype, closed)
    )
    graph.faults.add(Fault(path=f"{closed}/calendarView", status=403, code="ErrorAccessDenied", count=None))
    rules = tmp_path / "other"
    rules.mkdir()
    (rules / "rules.yaml").write_text(RULES + "calendars: owned\n")
    report = document(run_joinlink, "--all", "--against", str(rules), exit_code=1)

    reasons = {
        each["event"]: [one["promoted"]["reason"] for one in each["decisions"]] for each in report["meetings"]
    }
    assert report["unread_calendars"] == 1
    assert reasons == {
        in_default: ["link_added", "link_added"],
        in_project: ["not_in_scope", "link_added"],
        in_skype: ["not_in_scope", "provider_not_allowed"],
    }


@pytest.mark.parametrize(
    ("day", "is_past"),
    [
        pytest.param("2026-11-18", True, id="over"),
        pytest.param("2026-12-01", False, id="inside the window"),
        pytest.param("2027-02-01", False, id="behind the window"),
    ],
)
def test_a_series_is_coming_while_a_moved_occurrence_is_ahead(
    day: str, is_past: bool, story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink
) -> None:
    """As in the worker, which reads the occurrences that were changed."""
    master = create_quietly(story, ada)
    move(story, ada, master, day)
    [listed] = document(run_joinlink, "--all")["meetings"]

    assert (listed["event"], listed["series"], listed["past"]) == (master, True, is_past)
    # Of a past series, its creation decides: it was created after its end.
    assert listed["decisions"][0]["promoted"]["reason"] == ("ended" if is_past else "link_added")


def test_a_preview_reads_the_department_of_each_mailbox_once(story: Story, run_joinlink: RunJoinlink) -> None:
    """For all its meetings and both stances; a mailbox without meetings needs no department."""
    story.rules.joinpath("rules.yaml").write_text(
        "version: 1\ninternal_domains: [contoso.com]\nrules:\n"
        "  - {id: legal, when: {organizer: {department_in: legal}}, action: skip}\n"
        "  - {id: all, mode: enforce, when: {}}\n"
    )
    ada, ben = story.add_person("Ada", department="Legal"), story.add_person("Ben", department="Sales")
    story.add_person("Cy", department="Sales")
    for person in (ada, ada, ben):
        story.create_meeting(person, GUEST)
    report = document(run_joinlink, "--all", "--meetings")
    read = [call.path for call in story.stage.graph.calls if call.path.endswith(("/" + ada.id, "/" + ben.id))]

    assert (links(report, "as_it_stands"), links(report)) == ({"all": 3}, {"all": 1})
    assert len(read) == 2
