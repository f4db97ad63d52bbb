"""`joinlink canary` as a command: what it asks, refuses, and leaves behind."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.graph import Drop, Fault, NotificationDelivery
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

__all__ = ["canary", "log", "story"]


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
    """After it has said who gets mail; without a terminal, or with JSON, it refuses."""
    command = ("canary", "--mailbox", "ada@contoso.com")
    refused = run_joinlink(*command)
    monkeypatch.setattr("sys.stdin", TypedAnswer("n\nn\n"))
    answered = run_joinlink(*command)
    invited = run_joinlink(*command, "--attendee", "eve@contoso.com", "--attendee", "joe@fabrikam.com")
    with_json = run_joinlink(*command, "--json")

    assert [each.exit for each in (refused, answered, invited, with_json)] == [2, 1, 1, 2]
    assert "Create it in ada@contoso.com?" in answered.out
    assert "non-delivery reports, also for the cancellation" in answered.out
    assert "attendees  eve@contoso.com, joe@fabrikam.com" in invited.out
    assert "non-delivery" not in invited.out
    assert "there is no terminal to ask on; --yes creates the meeting" in with_json.err
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
        "name other attendees with --attendee",
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
