"""The arguments, trouble, interruptions and files of `joinlink preview`."""

import json
import stat
from collections import Counter
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from cli.progress import Progress
from sandbox.graph import DirectoryUser, Fault
from shared.desk.preview.parallel_reading import StopSignal
from shared.graph.sender import Sender
from tests.stories.conftest import RunJoinlink, Story
from tests.stories.test_preview import cache, document, links

__all__ = ["cache"]

GUEST = "bo@fabrikam.com"
GROUP = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"


@pytest.fixture
def ada(story: Story) -> DirectoryUser:
    """A person with one meeting."""
    person = story.add_person("Ada", watched=False)
    story.create_meeting(person, GUEST)
    return person


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], "name the calendars: use one of --mailbox, --group and --all", id="no mailbox"),
        pytest.param(["--all", "--group", GROUP], "name the calendars", id="two ways"),
        pytest.param(["--all", "--sample", "0"], "--sample takes a number of mailboxes from 1", id="no sample"),
        pytest.param(["--all", "--since", "soon"], '--since expects 30d or a day such as 2026-12-31, not "soon"', id="not a time"),
        pytest.param(["--all", "--until", "2020-01-01"], "--until 2020-01-01 ahead", id="past"),
        pytest.param(["--all", "--since", "1800d", "--until", "90d"], "Graph shows five years", id="long"),
        pytest.param(["--all", "--json", "--csv"], "exclude each other", id="two formats"),
        pytest.param(["--all", "-o", "x"], "--output needs a format", id="a file without a format"),
        pytest.param(["--all", "--rules", "nowhere"], "nowhere does not exist", id="no rules"),
        pytest.param(["--all", "--html", "/nowhere/x.html"], "/nowhere/x.html can't be written: No such file", id="no folder"),
        pytest.param(["--all", "--html", "/"], "/ is not a file", id="a folder"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused_in_a_sentence(
    arguments: list[str], message: str, story: Story, run_joinlink: RunJoinlink
) -> None:
    """Before any call to Graph."""
    ran = run_joinlink("preview", *arguments)

    assert (ran.exit, story.stage.graph.calls) == (2, []), ran
    assert message in ran.err


def test_rules_with_errors_are_refused(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink, tmp_path: Path
) -> None:
    """Whether they are in force or in a folder, and before any calendar is read."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "rules.yaml").write_text("version: 1\nrules: [{id: a, whem: {}}]\n")
    beside = run_joinlink("preview", "--all", "--against", str(broken))
    (story.rules / "rules.yaml").write_text("version: 1\nrules: [{id: a, whem: {}}]\n")
    configured = run_joinlink("preview", "--mailbox", ada.id)

    assert (beside.exit, configured.exit, story.stage.graph.calls) == (1, 1, [])
    assert f"the rules in {broken} have errors; joinlink validate {broken} shows them" in beside.err
    assert "the rules of JOINLINK_RULES have errors" in configured.err


def test_who_is_not_there_is_named(story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink) -> None:
    """A person, a group, a mailbox without a calendar, and one that the rules exclude."""
    story.add_person("Gus", watched=False, mailbox=False)
    (story.rules / "rules.yaml").write_text(
        "version: 1\nmailboxes: {include: all, exclude: [{user: ada@contoso.com}]}\nrules: [{id: a, when: {}}]\n"
    )
    nobody = run_joinlink("preview", "--mailbox", "nobody@contoso.com")
    group = run_joinlink("preview", "--group", GROUP)
    guest = run_joinlink("preview", "--mailbox", "gus@contoso.com")
    excluded = run_joinlink("preview", "--mailbox", ada.id)

    assert (nobody.exit, group.exit, guest.exit, excluded.exit) == (1, 1, 1, 2)
    assert "no user has the object id or address nobody@contoso.com" in nobody.err
    assert "the tenant has no group with this object id; copy the Object ID" in group.err
    assert "gus@contoso.com has no calendar: it is a guest, disabled, or without a licence" in guest.err
    assert f"the rules do not include {ada.id}" in excluded.err


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("permission", "named"),
    [
        pytest.param("User.Read.All", "User.Read.All", id="users"),
        pytest.param("Organization.Read.All", "the tenant's verified domains can't be read", id="domains"),
    ],
)
def test_a_missing_right_is_named(
    permission: str, named: str, story: Story, run_joinlink: RunJoinlink
) -> None:
    """What can't be read of the directory is unknown, or ends the command."""
    (story.rules / "rules.yaml").write_text("version: 1\nrules: [{id: a, when: {external_attendees: 1}}]\n")
    story.stage.graph.permissions.revoke(permission)
    ran = run_joinlink("preview", "--all")

    assert ran.exit == (1 if permission == "User.Read.All" else 0), ran
    assert named in ran.err + ran.out


def test_mailboxes_that_can_not_be_read_are_left_for_the_next_run(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink, cache: Path
) -> None:
    """The others count; the same command reads what is left, and the result is complete."""
    ben = story.add_person("Ben", watched=False)
    story.create_meeting(ben, GUEST)
    story.stage.graph.permissions.revoke("Calendars.Read", ada.id)
    story.stage.graph.permissions.revoke("Calendars.ReadWrite", ada.id)
    first = document(run_joinlink, "--all", exit_code=1)
    story.stage.graph.permissions.restore("Calendars.Read", ada.id)
    modes = [stat.S_IMODE(file.stat().st_mode) for file in cache.iterdir()]
    calls = len(story.stage.graph.calls)
    second = document(run_joinlink, "--all")

    assert links(first) == {"trial": 0, "external": 1}
    assert "grant this identity Calendars.Read" in first["left"][ada.id]
    assert modes == [0o600]
    assert links(second) == {"trial": 0, "external": 2}
    assert [call.path for call in story.stage.graph.calls[calls:] if ben.id in call.path] == []
    assert list(cache.iterdir()) == []


def test_ctrl_c_shows_what_was_read_and_the_same_command_resumes(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the time at which it began; nothing is read twice."""
    for name in ("Ada", "Ben", "Cleo"):
        story.create_meeting(story.add_person(name, watched=False), GUEST)

    def press_ctrl_c(_progress: Progress) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(Progress, "step", press_ctrl_c)
        stopped = document(run_joinlink, "--all", exit_code=130)
    views = [call.path for call in story.stage.graph.calls if call.path.endswith("/calendarView")]
    story.stage.clock.advance(timedelta(hours=2))
    resumed = document(run_joinlink, "--all")

    assert stopped["stopped"]
    assert links(stopped)["external"] == 1
    assert (resumed["stopped"], links(resumed)["external"]) == (False, 3)
    assert resumed["at"] == stopped["at"]
    assert resumed["notes"] == ["resumed: decided for 2026-11-23 07:00 UTC, when the reading began"]
    read = stopped["meetings"][0]["mailbox"]
    later = [call.path for call in story.stage.graph.calls if call.path.endswith("/calendarView")][
        len(views) :
    ]
    assert not any(read in path for path in later)


def test_two_previews_of_the_same_at_once_are_refused(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink
) -> None:
    """The second one ends with a sentence; another one would be possible."""
    seen: list[Any] = []

    def run_another() -> None:
        seen.extend([run_joinlink("preview", "--all"), run_joinlink("preview", "--mailbox", ada.id)])

    story.stage.graph.faults.add(Fault(path="calendarView", meanwhile=run_another))
    first = run_joinlink("preview", "--all")

    assert [each.exit for each in (first, *seen)] == [0, 2, 0]
    assert "another preview of the same calendars and rules is running" in seen[0].err


def test_it_waits_as_long_as_graph_asks(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a while; a mailbox that Graph does not serve is left."""
    waits: list[timedelta] = []
    monkeypatch.setattr(StopSignal, "wait", lambda _signal, time: waits.append(time))
    story.stage.graph.faults.add(Fault(path="calendarView", status=429, retry_after=70, count=2))
    assert links(document(run_joinlink, "--all"))["external"] == 1
    assert [each for each in waits if each] == [timedelta(seconds=70)] * 2

    story.stage.graph.faults.add(Fault(path="calendarView", status=429, retry_after=120, count=None))
    report = document(run_joinlink, "--all", exit_code=1)
    assert "Graph throttles the app" in report["left"][ada.id]


def test_a_mailbox_gets_one_request_at_a_given_time(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The running app needs the rest of the four that Exchange allows; in all there are sixteen at most."""
    for number in range(20):
        person = story.add_person(f"P{number}", watched=False)
        story.create_meeting(person, GUEST)
    lock, running, peaks = Lock(), Counter[str](), Counter[str]()
    send = Sender.send

    def counted(sender: Sender, call: Any, tally: Any) -> Any:
        with lock:
            running[call.mailbox] += 1
            peaks[call.mailbox] = max(peaks[call.mailbox], running[call.mailbox])
            peaks["all"] = max(peaks["all"], running.total())
        try:
            return send(sender, call, tally)
        finally:
            with lock:
                running[call.mailbox] -= 1

    monkeypatch.setattr(Sender, "send", counted)
    report = document(run_joinlink, "--all")

    assert links(report)["external"] == 20
    assert peaks.pop("all") <= 16
    assert len(peaks) == 21
    assert set(peaks.values()) == {1}


def test_the_settings_for_graph_are_enough(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before anything is deployed. The memory of past writes is unknown then, and the report says so."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.run_until_idle()
    story.create_meeting(ada, GUEST)
    for name in story.stage.settings:
        if name not in {"JOINLINK_TENANT_ID", "JOINLINK_GRAPH_URL"}:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path.parent)
    report = document(run_joinlink, "--all", "--rules", str(story.rules))

    assert report["memory_unknown"] == "no storage account is named"
    assert links(report)["external"] == 1
    assert [x["meetings"] for x in report["rule_sets"][0]["promoted"]["without_link"]] == [1]
    monkeypatch.setenv("JOINLINK_RULES", "https://stx.blob.core.windows.net/rules")
    container = run_joinlink("preview", "--all")
    monkeypatch.setenv("JOINLINK_RULES", str(story.rules))
    assert document(run_joinlink, "--all")["rule_sets"][0]["policy"] == report["rule_sets"][0]["policy"]
    assert (container.exit, "name a folder with --rules" in container.err) == (2, True)
    text = run_joinlink("preview", "--all", "--rules", str(story.rules))
    assert "the memory of past writes is unknown (no storage account is named)" in text.out


def test_a_sample_is_the_same_each_time_and_speaks_for_the_whole(
    story: Story, run_joinlink: RunJoinlink
) -> None:
    """It says how long the whole scope takes, and about how many links it gets."""
    for number in range(6):
        story.create_meeting(story.add_person(f"P{number}", watched=False), GUEST)
    first, second = (document(run_joinlink, "--all", "--sample", "2") for _ in range(2))
    text = run_joinlink("preview", "--all", "--sample", "2").out

    assert first["meetings"] == second["meetings"]
    assert (first["mailboxes"]["in_scope"], first["mailboxes"]["read"]) == (6, 2)
    assert first["seconds_for_all"] > 0
    assert "a sample of 2 of 6 mailboxes" in text
    assert "In all 6 mailboxes: about 6 links with report rules promoted." in text
    assert "To read all 6 mailboxes takes less than a minute." in text


@pytest.mark.usefixtures("ada")
def test_reports_are_files_of_this_user_alone(run_joinlink: RunJoinlink, tmp_path: Path) -> None:
    """They have names of people. Without a format, the text is printed too."""
    page, data = tmp_path / "page.html", tmp_path / "data.json"
    data.write_text("an old file")
    ran = run_joinlink("preview", "--all", "--html", str(page), "--json", "-o", str(data))

    assert (ran.exit, ran.out) == (0, "")
    assert f"{page} written; only you can read it" in ran.err
    assert [stat.S_IMODE(file.stat().st_mode) for file in (page, data)] == [0o600, 0o600]
    assert json.loads(data.read_text())["meetings_read"] == 1
    assert list(tmp_path.glob(".joinlink-*")) == []
