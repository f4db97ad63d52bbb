"""A story in which an admin runs `joinlink canary` or `joinlink prove` while the app runs."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared import logs
from shared.desk.app_log.app_log import LogSearch
from shared.desk.app_log.logged_line import LoggedLine
from shared.desk.wiring import Desk
from shared.errors import LogUnavailable
from tests.canary_rules import RULES
from tests.cli.conftest import CommandResult
from tests.stories.conftest import RunJoinlink, StartStory, Story
from tests.stories.test_maintenance import maintain

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
