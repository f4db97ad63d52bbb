"""`joinlink canary` against the stand-in: each hop passes, and each fails once on purpose."""

import json
from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import Fault, NotificationDelivery
from tests.stories.canary_story import LOG, Canary, canary, created, hop, hops, is_clean, log, story
from tests.stories.conftest import Story
from tests.stories.test_maintenance import maintain

__all__ = ["canary", "log", "story"]


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
    story: Story, canary: Canary, arguments: list[str], brake: str
) -> None:
    """It says so before it creates anything, by the app's own brake; with the log it follows the chain."""
    story.restart(JOINLINK_MODE=brake)
    maintain(story)
    text = "the brake JOINLINK_MODE=report is on in the app" if brake else 'rule "trial" is in report mode'
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
