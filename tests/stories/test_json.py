"""The desk's commands print their results as JSON, and nothing else on stdout."""

import json
from typing import Any

import pytest

from sandbox.stage import TENANT
from tests.stories.conftest import RunJoinlink, Story
from tests.stories.test_maintenance import maintain


@pytest.fixture
def asked(story: Story, run_joinlink: RunJoinlink) -> Any:
    """Return a function that runs a command with --json, and returns its exit code and the document."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, "bo@fabrikam.com")
    maintain(story)

    def run(*arguments: str) -> tuple[int, Any]:
        result = run_joinlink(*arguments, "--json")
        return result.exit, json.loads(result.out)

    return run


def test_each_command_answers_with_one_document(story: Story, asked: Any) -> None:
    """Its exit code is the same as without --json."""
    ends, doctor = asked("doctor")
    findings = {each["subject"]: each for each in doctor["findings"]}
    assert (ends, doctor["to_fix"]) == (0, 0)
    assert findings["JOINLINK_TENANT_ID"] == {
        "subject": "JOINLINK_TENANT_ID",
        "is_ok": True,
        "text": TENANT,
        "remedy": None,
    }

    ends, run = asked("maintain")
    assert (ends, run["scope"], run["problems"], run["held"], run["held_hash"]) == (0, 1, [], 0, None)

    assert asked("memory") == (0, {"state": "whole", "is_accepted": False})
    assert asked("held") == (0, [])
    assert asked("replay", "--dry-run") == (0, {"messages": [], "put_back": 0, "left": 0})
    assert asked("status")[1]["memory"] == "whole"
    assert asked("backfill", "--all", "--dry-run")[0] == 0

    assert story.stage.graph.undelivered == 0


def test_replay_lists_each_message_and_says_which_are_left(story: Story, asked: Any) -> None:
    """Also what it put back."""
    story.add_poison("nonsense")
    ends, shown = asked("replay", "--dry-run")
    [message] = shown["messages"]

    assert (ends, shown["put_back"], shown["left"]) == (1, 0, 1)
    assert (message["queue"], message["reason"]) == ("event-changes", "unreadable_message")
    assert (message["can_be_read"], message["is_left"]) == (False, True)


def test_a_stop_and_its_end_are_documents(asked: Any) -> None:
    """Its warning goes to stderr."""
    assert asked("unsubscribe", "--undo") == (0, {"is_stopped": False})
