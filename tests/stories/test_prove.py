"""`joinlink prove` as a command: the questions, the report, and what it leaves behind."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.graph import EventHabits, Fault
from shared.desk.prove.questions import QUESTIONS
from tests.canary_rules import RULES
from tests.cli.conftest import CommandResult
from tests.stories.canary_story import LOG, StoryLog, app_runs
from tests.stories.conftest import RunJoinlink, StartStory, Story, TypedAnswer
from tests.stories.test_maintenance import maintain

Prove = Callable[..., CommandResult]
REPORT = ("--output", "report.md")
ADA = ("--mailbox", "ada@contoso.com")
ENTRA_WITHOUT_CALENDARS = ("User.Read.All",)


@pytest.fixture
def story(start_story: StartStory) -> Story:
    """A tenant in which the app watches Ada's mailbox; the guest is another test mailbox."""
    story = start_story(RULES.replace("{include: all}", "{include: [{user: ada@contoso.com}]}"))
    story.add_person("Ada", watched=False)
    story.add_person("Guest", watched=False)
    maintain(story)
    return story


@pytest.fixture
def prove(story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Prove:
    """Return a function that runs the command while the app runs."""
    log = StoryLog(story)
    monkeypatch.setattr("shared.desk.wiring.Desk.app_log", lambda _desk, _workspace: log)
    monkeypatch.setattr("cli.prove.sleep", lambda seconds: app_runs(story, seconds))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> CommandResult:
        return run_joinlink("prove", *arguments)

    return run


def is_clean(story: Story) -> bool:
    """Return whether Ada's mailbox is as it was before."""
    ada, graph = story.people["Ada"], story.stage.graph
    subscriptions = [one.change_type for _row, one in graph.subscriptions.active() if one.mailbox == ada.id]
    calendars = graph.mailboxes.of(ada.id).calendars
    return (story.events(ada), len(calendars), subscriptions) == ([], 1, ["created,updated"])


def created(story: Story) -> list[str]:
    """Return the paths of the calls that created something in a mailbox."""
    return [call.path for call in story.stage.graph.calls if call.method == "POST" and "/users/" in call.path]


def test_every_row_is_answered_with_the_app_running(story: Story, prove: Prove, tmp_path: Path) -> None:
    """The app's own log shows the notifications. Everything holds, and nothing is left."""
    story.stage.graph.identity.roles = ENTRA_WITHOUT_CALENDARS
    story.stage.graph.identity.revoke_all()
    story.restart()
    result = prove(*ADA, "--guest", "guest@contoso.com", "--as-app", *LOG, *REPORT, "--yes", "--json")

    shown = json.loads(result.out)
    assert {row["row"]: row["result"] for row in shown["rows"]} == dict.fromkeys(
        [question.id for question in QUESTIONS], "holds"
    )
    assert (result.exit, shown["left"], shown["stopped"]) == (0, [], False)
    assert is_clean(story)
    report = (tmp_path / "report.md").read_text()
    assert "contoso" not in report
    assert story.people["Ada"].id not in report
    assert "| if-match | holds | status 412 ErrorIrresolvableConflict for an ETag" in report
    assert oct((tmp_path / "report.md").stat().st_mode)[-3:] == "600"


def test_the_report_says_what_joinlink_does_about_it(story: Story, prove: Prove, tmp_path: Path) -> None:
    """With Graph's request ids for a row that fails, and the number of items that could not be deleted."""
    story.stage.graph.honors_if_match = False
    story.stage.graph.habits = EventHabits(shows_drafts=False)
    result = prove(*ADA, *REPORT, "--yes", "--row", "if-match", "--row", "drafts", "--row", "attendee-mail")

    assert result.exit == 1
    assert result.out.splitlines()[:2] == [
        "✗ if-match                does not hold: Graph accepted a write with an ETag that was out of date",
        f"                          {QUESTIONS[0].otherwise}",
    ]
    assert "· attendee-mail           unknown: it needs a second mailbox of yours: --guest" in result.out
    assert (
        "Rows that hold: 0, that do not: 2, unknown: 1. The report is report.md; it has no addresses."
        in result.out
    )
    report = (tmp_path / "report.md").read_text()
    ids = [x.response_headers["request-id"] for x in story.stage.graph.calls if x.method == "PATCH"]
    assert "## if-match: does not hold" in report
    assert f"- What Joinlink does about it: {QUESTIONS[0].otherwise}" in report
    assert ids
    assert [each for each in ids if each not in report] == []
    assert is_clean(story)

    story.stage.graph.faults.add(Fault(method="DELETE", path="/events/", status=403, count=None))
    result = prove(*ADA, *REPORT, "--yes", "--row", "if-match")
    [event] = story.events(story.people["Ada"])
    assert result.exit == 1
    assert f"Left in the mailbox: {event} is left: delete it in Outlook" in result.out
    assert "Items that could not be deleted: 1." in (tmp_path / "report.md").read_text()
    assert event not in (tmp_path / "report.md").read_text()


def test_ctrl_c_leaves_nothing_behind(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The rows so far are in the report."""
    waits = 0

    def wait(seconds: float) -> None:
        nonlocal waits
        waits -= 1
        if not waits:
            raise KeyboardInterrupt
        app_runs(story, seconds)

    monkeypatch.setattr("cli.prove.sleep", wait)
    monkeypatch.chdir(tmp_path)
    story.stage.graph.change_user(story.people["Ada"], join_url_delay=timedelta(minutes=5))
    rows = ("--row", "if-match", "--row", "join-url")
    for at in (1, 3):
        waits = at
        result = run_joinlink("prove", *ADA, *REPORT, "--yes", *rows)

        assert (result.exit, waits) == (130, 0)
        assert "deleting what was created" in result.err
        assert "Stopped. Rows that hold: 1," in result.out
        assert "The run was stopped before its end." in (tmp_path / "report.md").read_text()
        assert is_clean(story)


def test_it_asks_first(story: Story, prove: Prove, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It names the mailbox, the identity and the guest. After a no, there is not even a file."""
    refused = prove(*ADA)
    monkeypatch.setattr("sys.stdin", TypedAnswer("n\n"))
    answered = prove(*ADA, "--guest", "guest@contoso.com", *REPORT)

    assert (refused.exit, answered.exit) == (2, 1)
    assert "there is no terminal to ask on; --yes does it" in refused.err
    assert "subscriptions in ada@contoso.com, as the app itself" in answered.out
    assert "Mail goes to it and to guest@contoso.com alone." in answered.out
    assert created(story) == []
    assert not (tmp_path / "report.md").exists()


def test_wrong_arguments_create_nothing(story: Story, prove: Prove, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, before anything is created. A managed identity can't be used from here: it says why."""
    refusals = [
        (["--mailbox", "nobody@contoso.com"], 1, "no usable mailbox"),
        ([*ADA, "--guest", "ADA@contoso.com"], 2, "name another than --mailbox"),
        ([*ADA, "--row", "if-mach"], 2, '--row knows no "if-mach": if-match, read-'),
        ([*ADA, "--output", "no/such/folder.md"], 2, "can't be written"),
        ([*ADA, "--workspace", "log"], 2, "a GUID on its overview page"),
    ]
    for arguments, ends, text in refusals:
        result = prove(*arguments, "--yes")
        assert (arguments, result.exit, text in result.err) == (arguments, ends, True), result.err

    monkeypatch.delenv("IDENTITY_ENDPOINT")
    result = prove(*ADA, "--as-app", "--yes")
    assert result.exit == 2
    assert "The token of a managed identity can't leave Azure" in result.err
    assert created(story) == []
