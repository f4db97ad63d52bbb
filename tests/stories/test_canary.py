"""`joinlink canary` while the real app runs; tests/desk/canary has every hop that fails."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.graph import Fault, NotificationDelivery
from tests.stories.canary_story import (
    LOG,
    Canary,
    StoryLog,
    app_runs,
    canary,
    created,
    hop,
    hops,
    is_clean,
    log,
    story,
)
from tests.stories.conftest import RunJoinlink, Story, TypedAnswer
from tests.stories.test_maintenance import maintain

__all__ = ["canary", "log", "story"]

HOPS = ["created", "notified", "decided", "patched", "verified", "unchanged", "deleted"]


@pytest.mark.usefixtures("log")
def test_every_hop_passes(story: Story, canary: Canary) -> None:
    """Also if Graph repeats notifications in any order and the join URL is late. Nothing is left."""
    result = canary(*LOG)
    assert (result.exit, hops(result)) == (0, dict.fromkeys(HOPS, "passed"))
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

    story.stage.graph.delivery = replace(NotificationDelivery(), copies=(3, 4), shuffle=True, duplicate=0.3)
    story.stage.graph.change_user(story.people["Ada"], join_url_delay=timedelta(seconds=40))
    result = canary(*LOG, "--rule", "partners", "--attendee", "canary@northwind.com")
    assert (result.exit, hops(result)) == (0, dict.fromkeys(HOPS, "passed"))
    assert json.loads(result.out)["rule"] == "partners"


@pytest.mark.usefixtures("log")
def test_a_meeting_that_is_online_is_not_changed(story: Story, canary: Canary) -> None:
    """No write of the app, and the guard is in the log."""
    result = canary("--online", *LOG)

    assert result.exit == 0
    assert list(hops(result)) == ["created", "notified", "decided", "unchanged", "deleted"]
    assert hop(result, "decided")["text"] == "skipped, already_online"
    assert [call.method for call in story.stage.graph.calls].count("PATCH") == 0
    assert is_clean(story)


def test_without_writes_only_the_log_can_show_the_chain(story: Story, canary: Canary, log: StoryLog) -> None:
    """It says so before it creates anything, by the app's own brake; with the log it follows the chain."""
    for arguments, brake, text in (
        (["--rule", "trial"], "", 'rule "trial" is in report mode'),
        ([], "report", "the brake JOINLINK_MODE=report is on in the app"),
    ):
        story.restart(JOINLINK_MODE=brake)
        maintain(story)
        before = len(created(story))
        refused = canary(*arguments)
        assert (refused.exit, len(created(story))) == (2, before)
        assert text in refused.err

        followed = canary(*arguments, *LOG)
        assert followed.exit == 0
        assert text in followed.err
        assert hop(followed, "decided")["text"].startswith("would_enable")
        assert hop(followed, "unchanged")["text"] == "the app has written nothing"
        assert is_clean(story)

    log.problem = "the log service does not answer"
    unread = canary(*LOG)
    assert unread.exit == 1
    assert "nothing is created: the log service does not answer" in unread.err


def test_where_the_chain_stops_is_shown(story: Story, canary: Canary, log: StoryLog) -> None:
    """By the app's log and record: Graph loses the notification, offers no provider, or creates no link."""
    graph, ada = story.stage.graph, story.people["Ada"]
    graph.delivery = NotificationDelivery(lose=1.0)
    result = canary("--timeout", "1m", *LOG)
    assert result.exit == 1
    assert hops(result) == dict.fromkeys(HOPS[1:4], "failed") | {"created": "passed", "deleted": "passed"}
    assert "the app has not written to it" in hop(result, "patched")["text"]
    assert "notification.rejected" in hop(result, "notified")["next"]

    graph.delivery = NotificationDelivery()
    graph.faults.add(Fault(method="GET", path="/calendar$", passes=1, count=None, edit=_no_provider))
    result = canary("--timeout", "1m", *LOG)
    assert hops(result)["notified"] == "passed"
    assert hop(result, "decided") | {"after_seconds": 0} == {
        "hop": "decided",
        "result": "failed",
        "after_seconds": 0,
        "text": "skipped, provider_not_allowed, rule external",
        "next": "what provider_not_allowed means: docs/decisions.md",
    }

    graph.faults.clear()
    graph.change_user(ada, honors_online_meeting=False)
    result = canary("--timeout", "3m")
    assert hops(result)["patched"] == "failed"
    assert "created no online meeting" in hop(result, "patched")["text"]
    assert is_clean(story)

    graph.change_user(ada, honors_online_meeting=True)
    log.is_late = True
    late = canary(*LOG)
    assert late.exit == 0
    assert [hop(late, name)["result"] for name in ("notified", "decided")] == ["unknown", "unknown"]


def _no_provider(answer: dict[str, Any]) -> None:
    answer["defaultOnlineMeetingProvider"], answer["allowedOnlineMeetingProviders"] = "unknown", []


def test_ctrl_c_leaves_nothing_behind(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever it comes; the hops so far are shown."""
    waits = 0

    def wait(seconds: float) -> None:
        nonlocal waits
        waits -= 1
        if not waits:
            raise KeyboardInterrupt
        app_runs(story, seconds)

    monkeypatch.setattr("cli.canary.sleep", wait)
    for at, share in ((1, 0.0), (4, 0.0), (30, 1.0)):
        story.stage.graph.delivery = NotificationDelivery(lose=share)
        waits = at
        result = run_joinlink("canary", "--mailbox", "ada@contoso.com", "--yes")

        assert (result.exit, waits) == (130, 0)
        assert "✓ created" in result.out
        assert is_clean(story)


def test_a_second_ctrl_c_names_what_remains(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graph throttles the deletion, and the admin does not wait."""

    def wait(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.canary.sleep", wait)
    fault = Fault(method="DELETE", path="/events/", status=429, retry_after=60)
    story.stage.graph.faults.add(fault)
    result = run_joinlink("canary", "--mailbox", "ada@contoso.com", "--yes")

    [event] = story.events(story.people["Ada"])
    assert result.exit == 130
    assert f"stopped while deleting\njoinlink: the event {event} is left: delete it in Outlook" in result.err


@pytest.mark.parametrize("command", [("canary", "--yes"), ("prove", "--yes", "--row", "if-match")])
def test_a_tenant_that_refuses_is_one_sentence(
    story: Story, run_joinlink: RunJoinlink, command: tuple[str, ...], tmp_path: Path
) -> None:
    """With the missing permission by its name; nothing is created, and no empty report is left."""
    graph = story.stage.graph
    report = ("--output", str(tmp_path / "report.md")) if command[0] == "prove" else ()
    refusals = [
        (Fault(path=r"/users/[^/]+$", status=401, count=2), "the token is refused"),
        (Fault(path=r"/users/[^/]+$", status=403), "grant this identity User.Read.All"),
        (Fault(path="/calendar$", status=403), "grant this identity Calendars.Read,"),
        (Fault(path="/calendar$", status=404, code="MailboxNotEnabledForRESTAPI"), "no usable mailbox"),
    ]
    for fault, text in refusals:
        graph.faults.add(fault)
        result = run_joinlink(*command, *report, "--mailbox", "ada@contoso.com")
        graph.faults.clear()
        said = result.err.splitlines()[-1]
        assert (result.exit, text in said, result.out) == (1, True, ""), said
    assert created(story) == []
    assert not (tmp_path / "report.md").exists()


def test_it_asks_first(story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch) -> None:
    """After it has said who gets mail; without a terminal, or with JSON, it refuses."""
    command = ("canary", "--mailbox", "ada@contoso.com")
    refused = run_joinlink(*command)
    monkeypatch.setattr("sys.stdin", TypedAnswer("n\nn\n"))
    answered = run_joinlink(*command)
    invited = run_joinlink(*command, "--attendee", "eve@contoso.com", "--attendee", "joe@fabrikam.com")
    with_json = run_joinlink(*command, "--json")

    assert [each.exit for each in (refused, answered, invited, with_json)] == [2, 1, 1, 2]
    assert "Create it in ada@contoso.com?" in answered.err
    assert "non-delivery reports, also for the cancellation" in answered.out
    assert "attendees  eve@contoso.com, joe@fabrikam.com" in invited.out
    assert "non-delivery" not in invited.out
    assert "there is no terminal to ask on; --yes creates the meeting" in with_json.err
    assert created(story) == []


def test_what_the_app_can_not_do_is_said_before(story: Story, canary: Canary) -> None:
    """Nothing is created for a mailbox that is not watched, a rule that wants another meeting, or no rule."""
    story.add_person("Bo", watched=False)
    refusals = [
        (["--mailbox", "bo@contoso.com"], 2, "the app does not watch this mailbox"),
        (["--mailbox", "nobody@contoso.com"], 1, "Graph has no usable mailbox of this name"),
        (["--rule", "partners"], 2, "name other attendees with --attendee"),
        (["--timeout", "5 minutes"], 2, "--timeout expects a time such as 90s or 5m"),
        (["--attendee", "not an address"], 2, "--attendee expects a mail address"),
        (["--workspace", "not a guid"], 2, "a workspace is named by its Workspace ID"),
    ]
    for arguments, ends, text in refusals:
        result = canary(*arguments)
        assert (arguments, result.exit, text in result.err) == (arguments, ends, True), result.err
    assert created(story) == []
