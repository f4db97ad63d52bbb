"""The process is killed at any point, and nothing is lost, doubled or forgotten."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import Delivery, User
from shared.domain.messages import MAILBOX_TASKS
from shared.graph.client import Graph
from shared.storage.queues import MessageQueue
from shared.storage.tables import Table
from tests.stories.conftest import Begin, Story
from tests.stories.test_a_week import RULES, meet

KILLS = 50


class Killed(BaseException):
    """The process is gone: no handler of ours runs after it."""


class Killer:
    """Ends the process at its so-manyth word to the outside, before or after it was heard."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 -- repeatable chance, no secrets
        self._left: int | None = None

    def aim(self) -> None:
        """Kill within the next words."""
        self._left = self._chance.randrange(30)

    def spare(self) -> None:
        """Kill nobody."""
        self._left = None

    def over(self, speak: Callable[..., Any]) -> Callable[..., Any]:
        """Return `speak` with a killer behind it."""

        def spoken(*args: Any, **keywords: Any) -> Any:
            hit = self._left == 0
            if self._left is not None:
                self._left -= 1
            if hit and self._chance.random() < 0.5:
                raise Killed
            answer = speak(*args, **keywords)
            if hit:
                raise Killed
            return answer

        return spoken


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> Killer:
    """Return a killer that stands behind Graph, the tables and the queues."""
    killer = Killer(seed=11)
    for part, speak in ((Graph, "_send_once"), (Table, "merge"), (Table, "write"), (MessageQueue, "_put")):
        monkeypatch.setattr(part, speak, killer.over(getattr(part, speak)))
    return killer


def live_dangerously(story: Story, killer: Killer) -> int:
    """Let an hour pass in which the process is killed and begun again; return how often it was killed."""
    killer.aim()
    for step in (timedelta(minutes=1), timedelta(minutes=14)) * 4:
        try:
            story.stage.host.run_timer("maintenance")
            story.wait(step)
        except Killed:
            killer.spare()
            story.restart()
            return 1
    return 0


def test_a_process_that_is_killed_fifty_times_leaves_all_in_order(begin: Begin, killer: Killer) -> None:
    """One subscription for each mailbox, every event with its link, none of them written twice."""
    story = begin(RULES.replace("rules:", "sweep: {every: 1h}\nrules:"))
    people = [story.person(f"P{n}", watched=False) for n in range(4)]
    story.stage.graph.delivery = Delivery(lose=0.3)
    kills = 0
    meetings: list[tuple[User, str]] = []
    while kills < KILLS:
        if len(meetings) < 40:
            meetings.append(meet(story, people[len(meetings) % 4]))
        kills += live_dangerously(story, killer)
        story.wait(timedelta(minutes=15))
    killer.spare()
    for _ in range(16):
        story.stage.host.run_timer("maintenance")
        story.wait(timedelta(hours=1))

    watched = Counter(one.mailbox for _row, one in story.stage.graph.subscriptions.active())
    assert watched == {person.id: 1 for person in people}
    written = Counter(call.event for call in story.stage.graph.calls if call.method == "PATCH" and call.event)
    assert max(written.values()) == 1
    assert [story.has_link(*meeting) for meeting in meetings] == [True] * len(meetings)
    assert story.poison(MAILBOX_TASKS) == story.poison() == []
