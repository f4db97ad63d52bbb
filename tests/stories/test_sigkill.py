"""The process is killed (SIGKILL) fifty times at random points, and nothing is lost or duplicated."""

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

from sandbox.graph import DirectoryUser, NotificationDelivery
from shared.domain.messages import MAILBOX_TASKS, TaskKind, TaskReason
from tests.stories.conftest import StartStory, Story
from tests.stories.killable_worker import KillableWorker, KillPoint, KillSwitch, behind
from tests.stories.test_a_week import GUEST, RULES

KILLS = 50
SEED = 11
SOON = timedelta(minutes=1)
#: A message that a killed worker had taken is visible again after ten minutes.
LEASE = timedelta(minutes=11)
SWEEP_INTERVAL = timedelta(hours=6)
#: The search for surplus subscriptions runs once a day.
A_DAY_AND_MORE = timedelta(hours=36)
MOST_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work: its first request, how many requests it needs, and when it is due."""

    begins: KillPoint
    requests: int
    due_after: timedelta = timedelta(hours=1)
    is_backfill: bool = False


#: The kinds of work that go through the queues. `further` is drawn for each kill.
WORKS = (
    Work(KillPoint(path="/maintenance"), requests=24),
    Work(KillPoint(method="POST", path="/v1.0/subscriptions$"), requests=5),
    Work(KillPoint(method="PATCH", path="/v1.0/subscriptions/"), requests=3, due_after=timedelta(days=4)),
    Work(KillPoint(method="GET", path="/calendarView$"), requests=8, due_after=SWEEP_INTERVAL),
    Work(KillPoint(method="GET", path="/events/[^/]+/calendar$"), requests=6),  # adding a link
    Work(KillPoint(path="/backfills"), requests=14, is_backfill=True),
)


class DisturbedTenant:
    """A tenant whose worker is killed repeatedly."""

    def __init__(self, story: Story, kill_switch: KillSwitch) -> None:
        self.story = story
        self.kill_switch = kill_switch
        self.chance = random.Random(SEED)  # noqa: S311 -- repeatable chance, no secrets
        self.people = [story.add_person(f"P{n}", watched=False) for n in range(3)]
        self.meetings: list[tuple[DirectoryUser, str]] = []

    def run_timer(self, worker: KillableWorker, time: timedelta) -> bool:
        """Advance the clock, run the timer and handle its tasks; return False if the worker was killed."""
        clock = self.story.stage.clock
        clock.advance(time)
        return worker.run_timer(clock.now()) and self.drain(worker, SOON)

    def backfill(self, worker: KillableWorker) -> bool:
        """Run a backfill and handle its messages; return False if the process was killed."""
        return worker.backfill(self.story.stage.clock.now()) and self.drain(worker, SOON)

    def drain(self, worker: KillableWorker, time: timedelta) -> bool:
        """Deliver notifications, advance the clock and handle messages; return False if killed."""
        self.story.stage.graph.deliver()
        self.story.stage.clock.advance(time)
        return worker.drain(self.story.stage.clock.now())

    def run_until_idle(self, worker: KillableWorker) -> None:
        """Advance the clock until no message is left."""
        for _ in range(20):
            assert self.drain(worker, LEASE), "the worker was killed without a kill point"
            if not any(self.story.stage.host.waiting().values()):
                return
        raise AssertionError(f"messages are left after hours: {self.story.stage.host.waiting()}")

    def kill_during(self, work: Work, worker: KillableWorker) -> None:
        """Continue until the worker is killed during this kind of work, at a random request."""
        is_done = self.chance.random() < 0.5
        point = replace(work.begins, further=self.chance.randrange(work.requests), is_done=is_done)
        self.kill_switch.arm(worker, point)
        for _ in range(MOST_ROUNDS):
            self.change_something()
            is_alive = self.backfill(worker) if work.is_backfill else self.run_timer(worker, work.due_after)
            if not is_alive:
                self.kill_switch.disarm()
                return
        raise AssertionError(f"the worker was not killed at {point}")

    def change_something(self) -> None:
        """Create a meeting, and disturb a random subscription."""
        graph, person = self.story.stage.graph, self.chance.choice(self.people)
        self.meetings.append((person, self._meet(person)))
        unlucky = self.chance.choice(self.people)
        match self.chance.choice(["removed", "lost", "quiet"]):
            case "quiet":
                self.story.enqueue_task(TaskKind.SUBSCRIBE, unlucky, TaskReason.QUIET)
            case how:
                for _row, one in list(graph.subscriptions.active()):
                    if one.mailbox == unlucky.id:
                        graph.remove_subscription(one.id, notify=how == "removed")

    def _meet(self, person: DirectoryUser) -> str:
        day = (self.story.stage.clock.now() + timedelta(days=30)).date()
        return self.story.create_meeting(
            person,
            GUEST,
            start={"dateTime": f"{day}T09:00:00", "timeZone": "UTC"},
            end={"dateTime": f"{day}T10:00:00", "timeZone": "UTC"},
        )


def test_fifty_kills_lose_and_repeat_nothing(start_story: StartStory) -> None:
    """Each mailbox has one subscription, each meeting one write, and no message is left."""
    story, kill_switch = start_story(RULES), KillSwitch()
    story.stage.graph.delivery = NotificationDelivery(lose=0.3)
    tenant = DisturbedTenant(story, kill_switch)
    with behind(kill_switch, story.stage) as settings:
        for n in range(KILLS):
            with KillableWorker(settings) as worker:
                tenant.run_until_idle(worker)
                tenant.kill_during(WORKS[n % len(WORKS)], worker)
        with KillableWorker(settings) as worker:
            tenant.run_until_idle(worker)
            assert tenant.backfill(worker)
            for _ in range(A_DAY_AND_MORE // SWEEP_INTERVAL):
                assert tenant.run_timer(worker, SWEEP_INTERVAL)
            tenant.run_until_idle(worker)

    watched = Counter(one.mailbox for _row, one in story.stage.graph.subscriptions.active())
    assert len(kill_switch.killed_at) == KILLS
    assert watched == {person.id: 1 for person in tenant.people}
    assert [story.has_link(*meeting) for meeting in tenant.meetings] == [True] * len(tenant.meetings)
    assert written(story) == {meeting: 1 for _person, meeting in tenant.meetings}
    assert story.poison_messages(MAILBOX_TASKS) == story.poison_messages() == []


def written(story: Story) -> Counter[str]:
    """Count the PATCHes of each event that took effect, with or without an answer."""
    return Counter(
        call.event
        for call in story.stage.graph.calls
        if call.method == "PATCH" and call.event and call.took_effect
    )
