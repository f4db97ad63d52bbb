"""`joinlink canary` against the stand-in: each hop passes, and each fails once on purpose."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import Drop, Fault, NotificationDelivery
from shared import logs
from shared.desk.app_log.app_log import LogSearch
from shared.desk.app_log.logged_line import LoggedLine
from shared.desk.wiring import Desk
from shared.errors import LogUnavailable
from tests.cli.conftest import CommandResult
from tests.stories.conftest import RunJoinlink, StartStory, Story, Terminal
from tests.stories.test_maintenance import maintain

RULES = """
version: 1
internal_domains: [contoso.com]
mailboxes: {include: all}
rules:
  - id: trial
    mode: report
    when: {subject: "trial"}
    tests:
      - {name: a trial, event: {subject: trial}, expect: enable}
  - id: partners
    mode: enforce
    when: {attendee: {domain_in: [northwind.com]}}
  - id: external
    mode: enforce
    when: {external_attendees: {at_least: 1}}
    provider: {fallback: teamsForBusiness}
    limits: {per_hour: 5}
    tests:
      - {name: colleagues, event: {attendees: [bo]}, expect: skip}
      - {name: a customer, event: {attendees: [bo@fabrikam.com], start: "fri 15:00"}, expect: enable}
"""
LOG = ("--workspace", "c0ffee00-0000-4000-8000-00000000000a")
Canary = Callable[..., CommandResult]


def app_runs(story: Story, seconds: float) -> None:
    """Let the app run, which is another process with another log level than the command's."""
    logs.configure("INFO")
    story.wait(timedelta(seconds=seconds))


class StoryLog:
    """The app's log as a workspace shows it; lines have the story's time."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.problem = ""
        self.is_late = False

    def lines(self, search: LogSearch) -> Sequence[LoggedLine]:
        if self.problem:
            raise LogUnavailable(self.problem)
        found = [line for line in self.story.log_lines() if line["event_id"] in search.texts]
        return (
            []
            if self.is_late
            else [LoggedLine(one["event"], self.story.stage.clock.now(), one) for one in found]
        )


@pytest.fixture
def story(start_story: StartStory) -> Story:
    """A tenant in which the app watches Ada's mailbox."""
    story = start_story(RULES)
    story.add_person("Ada", watched=False)
    maintain(story)
    return story


@pytest.fixture
def log(story: Story, monkeypatch: pytest.MonkeyPatch) -> StoryLog:
    """The app's log in a workspace."""
    log = StoryLog(story)
    monkeypatch.setattr(Desk, "app_log", lambda _desk, _workspace: log)
    return log


@pytest.fixture
def canary(story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch) -> Canary:
    """Return a function that runs the command while the app runs."""
    monkeypatch.setattr("cli.canary.sleep", lambda seconds: app_runs(story, seconds))

    def run(*arguments: str) -> CommandResult:
        return run_joinlink("canary", "--mailbox", "ada@contoso.com", "--yes", "--json", *arguments)

    return run


def hops(result: CommandResult) -> dict[str, str]:
    """Return the result of each hop, in the order of the chain."""
    return {hop["hop"]: hop["result"] for hop in json.loads(result.out)["hops"]}


def hop(result: CommandResult, name: str) -> dict[str, Any]:
    return next(hop for hop in json.loads(result.out)["hops"] if hop["hop"] == name)


def created(story: Story) -> list[dict[str, Any]]:
    """Return what the command sent to create events."""
    calls = story.stage.graph.calls
    return [json.loads(c.request_body) for c in calls if c.method == "POST" and c.path.endswith("/events")]


def is_clean(story: Story) -> bool:
    """Return whether nothing is left in the mailbox."""
    return story.events(story.people["Ada"]) == []


@pytest.mark.usefixtures("log")
def test_every_hop_passes(story: Story, canary: Canary) -> None:
    """The chain works; nothing is left, and only the invented address was invited."""
    result = canary(*LOG)

    assert result.exit == 0
    assert hops(result) == dict.fromkeys(
        ["created", "notified", "decided", "patched", "verified", "unchanged", "deleted"], "passed"
    )
    assert is_clean(story)
    [sent] = created(story)
    assert [one["emailAddress"]["address"] for one in sent["attendees"]] == [
        "ada@contoso.com",
        "joinlink-canary@example.com",
    ]
    assert sent["start"] == {"dateTime": "2026-11-27T15:00:00", "timeZone": "UTC"}
    assert (json.loads(result.out)["rule"], json.loads(result.out)["test"]) == ("external", "a customer")
    assert hop(result, "decided")["text"] == "enabled, link_added, rule external"
    assert 0 <= hop(result, "notified")["after_seconds"] <= hop(result, "decided")["after_seconds"]


def test_without_the_log_two_hops_are_unknown(story: Story, canary: Canary) -> None:
    """The app's record shows that it decided, but not what notified it."""
    result = canary()

    assert result.exit == 0
    assert hops(result)["notified"] == "unknown"
    assert "--workspace reads it" in hop(result, "notified")["text"]
    assert hop(result, "decided")["text"] == "recorded by the app as enabled, rule external"
    assert is_clean(story)


@pytest.mark.usefixtures("log")
def test_a_meeting_that_is_online_is_not_changed(story: Story, canary: Canary) -> None:
    """No write of the app, and the guard is in the log."""
    result = canary("--online", *LOG)

    assert result.exit == 0
    assert list(hops(result)) == ["created", "notified", "decided", "unchanged", "deleted"]
    assert hop(result, "decided")["text"] == "skipped, already_online"
    assert [call.method for call in story.stage.graph.calls].count("PATCH") == 0
    assert is_clean(story)


@pytest.mark.parametrize(
    ("arguments", "brake"),
    [pytest.param(["--rule", "trial"], "", id="report mode"), pytest.param([], "report", id="brake")],
)
@pytest.mark.usefixtures("log")
def test_without_writes_only_the_log_can_show_the_chain(
    story: Story,
    canary: Canary,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    brake: str,
) -> None:
    """It says so before it creates anything; with the log it follows the chain to the decision."""
    story.restart(JOINLINK_MODE=brake)
    monkeypatch.setenv("JOINLINK_MODE", brake)
    text = "the brake JOINLINK_MODE=report is on" if brake else 'rule "trial" is in report mode'
    refused = canary(*arguments)
    assert (refused.exit, created(story)) == (2, [])
    assert text in refused.err

    followed = canary(*arguments, *LOG)
    assert followed.exit == 0
    assert text in followed.err
    assert hop(followed, "decided")["text"].startswith("would_enable")
    assert hop(followed, "unchanged")["text"] == "the app has written nothing"
    assert is_clean(story)


def test_not_created(story: Story, canary: Canary) -> None:
    """The identity has no right to write: the right is named."""
    story.stage.graph.revoke_permission("Calendars.ReadWrite")
    result = canary()

    assert result.exit == 1
    assert hops(result) == {"created": "failed", "deleted": "passed"}
    assert "needs Calendars.ReadWrite" in hop(result, "created")["next"]


def test_created_online_by_exchange(story: Story, canary: Canary) -> None:
    """Where every meeting is online by default, Joinlink has nothing to do."""

    def make_online(answer: dict[str, Any]) -> None:
        answer["isOnlineMeeting"] = True

    story.stage.graph.faults.add(Fault(method="POST", path="/events$", edit=make_online))
    result = canary()

    assert hops(result)["created"] == "failed"
    assert "OnlineMeetingsByDefaultEnabled" in hop(result, "created")["next"]
    assert is_clean(story)


@pytest.mark.usefixtures("log")
def test_not_notified(story: Story, canary: Canary) -> None:
    """Graph loses the notification: the chain ends there, and the first thing to check is named."""
    story.stage.graph.delivery = NotificationDelivery(lose=1.0)
    result = canary("--timeout", "1m", *LOG)

    assert result.exit == 1
    assert hops(result) == {
        "created": "passed",
        "notified": "failed",
        "decided": "failed",
        "patched": "failed",
        "deleted": "passed",
    }
    assert "the app has not written to it" in hop(result, "patched")["text"]
    assert "notification.rejected" in hop(result, "notified")["next"]
    assert is_clean(story)


@pytest.mark.usefixtures("log")
def test_decided_otherwise(story: Story, canary: Canary) -> None:
    """The app skips the meeting: the log has the reason."""
    story.stage.graph.faults.add(
        Fault(method="GET", path="/calendar$", passes=1, count=None, edit=_no_provider)
    )
    result = canary("--timeout", "1m", *LOG)

    assert hops(result)["notified"] == "passed"
    assert hop(result, "decided") | {"after_seconds": 0} == {
        "hop": "decided",
        "result": "failed",
        "after_seconds": 0,
        "text": "skipped, provider_not_allowed, rule external",
        "next": "what provider_not_allowed means: docs/decisions.md",
    }


def _no_provider(answer: dict[str, Any]) -> None:
    answer["defaultOnlineMeetingProvider"], answer["allowedOnlineMeetingProviders"] = "unknown", []


def test_not_patched(story: Story, canary: Canary) -> None:
    """Graph accepts the write and does nothing: the licence is the first thing to check."""
    story.stage.graph.change_user(story.people["Ada"], honors_online_meeting=False)
    result = canary("--timeout", "3m")

    assert hops(result)["patched"] == "failed"
    assert "created no online meeting" in hop(result, "patched")["text"]
    assert "Teams licence" in hop(result, "patched")["next"]
    assert is_clean(story)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({"join_url_delay": timedelta(hours=1)}, "has no join URL", id="no join URL"),
        pytest.param({}, "the provider is skypeForBusiness", id="another provider"),
    ],
)
def test_not_verified(story: Story, canary: Canary, changes: dict[str, Any], text: str) -> None:
    """Online is not enough: provider and join URL must be right."""

    def other_provider(answer: dict[str, Any]) -> None:
        if answer.get("isOnlineMeeting"):
            answer["onlineMeetingProvider"] = "skypeForBusiness"

    story.stage.graph.change_user(story.people["Ada"], **changes)
    if not changes:
        story.stage.graph.faults.add(
            Fault(method="GET", path="/events/[^/]+$", count=None, edit=other_provider)
        )
    result = canary()

    assert hops(result)["verified"] == "failed"
    assert text in hop(result, "verified")["text"]
    assert is_clean(story)


def test_changed_by_a_second_change(story: Story, canary: Canary) -> None:
    """The join URL is another one after the second change."""
    reads = 0

    def other_link(answer: dict[str, Any]) -> None:
        nonlocal reads
        if answer.get("onlineMeeting"):
            reads += 1
            answer["onlineMeeting"]["joinUrl"] = f"https://teams.example/{reads}"

    story.stage.graph.faults.add(Fault(method="GET", path="/events/[^/]+$", count=None, edit=other_link))
    result = canary()

    assert hops(result)["unchanged"] == "failed"
    assert "the link changed" in hop(result, "unchanged")["text"]
    assert "teams.example" not in result.out + result.err
    assert is_clean(story)


def test_not_deleted(story: Story, canary: Canary) -> None:
    """It says which event is left, and the exit code is 1."""
    story.stage.graph.faults.add(Fault(method="DELETE", status=403, count=None))
    result = canary()

    assert result.exit == 1
    assert hops(result)["deleted"] == "failed"
    [event] = story.events(story.people["Ada"])
    assert f"{event} is left: delete it in Outlook" in hop(result, "deleted")["text"]


def test_a_log_that_fails_or_is_late_proves_nothing(story: Story, canary: Canary, log: StoryLog) -> None:
    """The two hops are unknown, not failed: the link is there. A wrong workspace is found before."""
    log.is_late = True
    late = canary(*LOG)
    log.problem = "the log service does not answer"
    refused = canary(*LOG)

    assert late.exit == 0
    assert [hop(late, name)["result"] for name in ("notified", "decided")] == ["unknown", "unknown"]
    assert (refused.exit, len(created(story))) == (1, 1)
    assert "nothing is created: the log service does not answer" in refused.err


@pytest.mark.parametrize(
    ("fault", "is_created"),
    [
        pytest.param(Fault(method="POST", path="/events$", drop=Drop.AFTER), True, id="its answer is lost"),
        pytest.param(Fault(method="POST", path="/events$", drop=Drop.BEFORE), False, id="it never arrived"),
        pytest.param(
            Fault(method="POST", path="/events$", status=503, retry_after=1, is_done=True), True, id="503"
        ),
    ],
)
def test_a_meeting_without_an_answer_is_found_and_deleted(
    story: Story, canary: Canary, fault: Fault, *, is_created: bool
) -> None:
    """By its transaction id; another person's meeting stays."""
    other = story.create_meeting(story.people["Ada"])
    story.stage.graph.faults.add(fault)
    result = canary()
    deletions = [call for call in story.stage.graph.calls if call.method == "DELETE"]

    assert result.exit == 1
    assert hops(result)["created"] == "failed"
    assert len(deletions) == is_created
    assert story.events(story.people["Ada"]) == [other]


@pytest.mark.parametrize("at", [1, 4, 30])
def test_ctrl_c_leaves_nothing_behind(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Whenever it comes; the hops so far are shown."""
    waits = 0

    def wait(seconds: float) -> None:
        nonlocal waits
        waits += 1
        if waits == at:
            raise KeyboardInterrupt
        app_runs(story, seconds)

    monkeypatch.setattr("cli.canary.sleep", wait)
    if at > 4:
        story.stage.graph.delivery = NotificationDelivery(lose=1.0)
    result = run_joinlink("canary", "--mailbox", "ada@contoso.com", "--yes")

    assert result.exit == 130
    assert "✓ created" in result.out
    assert is_clean(story)


def test_it_asks_first(story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch) -> None:
    """After it has said who gets mail; without a terminal it refuses."""
    refused = run_joinlink("canary", "--mailbox", "ada@contoso.com")
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    answered = run_joinlink(
        "canary",
        "--mailbox",
        "ada@contoso.com",
        "--attendee",
        "eve@contoso.com",
        "--attendee",
        "joe@fabrikam.com",
    )

    assert (refused.exit, answered.exit) == (2, 1)
    assert "non-delivery reports, also for the cancellation" in refused.out
    assert "attendees  eve@contoso.com, joe@fabrikam.com" in answered.out
    assert "Create it in ada@contoso.com?" in answered.out
    assert created(story) == []


def test_what_the_app_can_not_do_is_said_before(story: Story, canary: Canary) -> None:
    """Nothing is created for a mailbox that is not watched, a rule that wants another meeting, or no rule."""
    story.add_person("Bo", watched=False)
    results = [
        canary("--mailbox", "bo@contoso.com"),
        canary("--mailbox", "nobody@contoso.com"),
        canary("--rule", "partners"),
        canary("--rule", "no-such-rule"),
        canary("--timeout", "5 minutes"),
        canary("--attendee", "not an address"),
        canary("--workspace", "not a guid"),
    ]

    assert [result.exit for result in results] == [2, 1, 2, 2, 2, 2, 2]
    assert created(story) == []
    texts = [
        "the app does not watch this mailbox",
        "Graph has no usable mailbox of this name",
        "name attendees for whom a rule adds one with --attendee",
        'no rule "no-such-rule" that adds links: trial, partners, external',
        "--timeout expects a time such as 90s or 5m",
        "--attendee expects a mail address",
        "a workspace is named by its Workspace ID",
    ]
    assert [text for text, result in zip(texts, results, strict=True) if text not in result.err] == []


def test_a_partner_rule_with_a_partner(canary: Canary) -> None:
    """--attendee names somebody for whom the rule adds links."""
    result = canary("--rule", "partners", "--attendee", "canary@northwind.com")

    assert json.loads(result.out)["rule"] == "partners"
    assert result.exit == 0


@pytest.mark.usefixtures("log")
def test_habits_of_graph_do_not_fail_it(story: Story, canary: Canary) -> None:
    """Several notifications for a change, in any order, and a join URL that comes late."""
    story.stage.graph.delivery = replace(NotificationDelivery(), copies=(3, 4), shuffle=True, duplicate=0.3)
    story.stage.graph.change_user(story.people["Ada"], join_url_delay=timedelta(seconds=40))
    result = canary(*LOG)

    assert result.exit == 0
    assert set(hops(result).values()) == {"passed"}
