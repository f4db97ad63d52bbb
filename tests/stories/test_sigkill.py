"""The process is killed (SIGKILL) at any point, fifty times, and nothing is lost, doubled or forgotten."""

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

from sandbox.graph import DirectoryUser, NotificationDelivery
from shared.domain.messages import MAILBOX_TASKS, TaskKind, TaskReason
from tests.stories.conftest import Begin, Story
from tests.stories.mortal import Aim, Guillotine, Worker, below
from tests.stories.test_a_week import GUEST, RULES

KILLS = 50
SEED = 11
SOON = timedelta(minutes=1)
#: A message in the hands of a worker that died comes back after ten minutes.
LEASE = timedelta(minutes=11)
SWEEPS = timedelta(hours=6)
#: The list of subscriptions is looked through once a day.
A_DAY_AND_MORE = timedelta(hours=36)
MOST_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work: the request that it begins with, how many it takes, and after what time it is due."""

    begins: Aim
    requests: int
    due_after: timedelta = timedelta(hours=1)
    is_backfill: bool = False


#: Whatever goes through the queues is a row here; `further` is drawn anew for each kill.
WORKS = (
    Work(Aim(path="/maintenance"), requests=24),
    Work(Aim(method="POST", path="/v1.0/subscriptions$"), requests=5),
    Work(Aim(method="PATCH", path="/v1.0/subscriptions/"), requests=3, due_after=timedelta(days=4)),
    Work(Aim(method="GET", path="/calendarView$"), requests=8, due_after=SWEEPS),
    Work(Aim(method="GET", path="/events/[^/]+/calendar$"), requests=6),  # giving an event its link
    Work(Aim(path="/backfills"), requests=14, is_backfill=True),
)


class Life:
    """A tenant's life with a worker that is killed again and again."""

    def __init__(self, story: Story, guillotine: Guillotine) -> None:
        self.story = story
        self.guillotine = guillotine
        self.chance = random.Random(SEED)  # noqa: S311 -- repeatable chance, no secrets
        self.people = [story.person(f"P{n}", watched=False) for n in range(3)]
        self.meetings: list[tuple[DirectoryUser, str]] = []

    def goes_on(self, worker: Worker, time: timedelta) -> bool:
        """Let time pass, then run the timer and work on what it asks for; False once the worker is dead."""
        clock = self.story.stage.clock
        clock.advance(time)
        return worker.run_timer(clock.now()) and self.works(worker, SOON)

    def backfills(self, worker: Worker) -> bool:
        """Have the admin run a backfill, and what it queued be worked on; False once the process is dead."""
        return worker.backfill(self.story.stage.clock.now()) and self.works(worker, SOON)

    def works(self, worker: Worker, time: timedelta) -> bool:
        """Deliver what is due, let time pass, and work on what is visible then; False once dead."""
        self.story.stage.graph.deliver()
        self.story.stage.clock.advance(time)
        return worker.drain(self.story.stage.clock.now())

    def quiets(self, worker: Worker) -> None:
        """Let time pass until nothing is left to do, unless that takes more than hours."""
        for _ in range(20):
            assert self.works(worker, LEASE), "died without a blade"
            if not any(self.story.stage.host.waiting().values()):
                return
        raise AssertionError(f"no end to it: {self.story.stage.host.waiting()}")

    def ends_over(self, work: Work, worker: Worker) -> None:
        """Go on until the worker is killed over this kind of work, at a request or after some more."""
        is_heard = self.chance.random() < 0.5
        aim = replace(work.begins, further=self.chance.randrange(work.requests), is_heard=is_heard)
        self.guillotine.aim(worker, aim)
        for _ in range(MOST_ROUNDS):
            self.stir()
            is_alive = self.backfills(worker) if work.is_backfill else self.goes_on(worker, work.due_after)
            if not is_alive:
                self.guillotine.lift()
                return
        raise AssertionError(f"nobody died over {aim}")

    def stir(self) -> None:
        """Have somebody make a meeting, and something happen to somebody's subscription."""
        graph, person = self.story.stage.graph, self.chance.choice(self.people)
        self.meetings.append((person, self._meet(person)))
        unlucky = self.chance.choice(self.people)
        match self.chance.choice(["removed", "lost", "quiet"]):
            case "quiet":
                self.story.task(TaskKind.SUBSCRIBE, unlucky, TaskReason.QUIET)
            case how:
                for _row, one in list(graph.subscriptions.active()):
                    if one.mailbox == unlucky.id:
                        graph.remove_subscription(one.id, notify=how == "removed")

    def _meet(self, person: DirectoryUser) -> str:
        day = (self.story.stage.clock.now() + timedelta(days=30)).date()
        return self.story.meeting(
            person,
            GUEST,
            start={"dateTime": f"{day}T09:00:00", "timeZone": "UTC"},
            end={"dateTime": f"{day}T10:00:00", "timeZone": "UTC"},
        )


def test_a_process_that_is_killed_fifty_times_leaves_all_in_order(begin: Begin) -> None:
    """One subscription for each mailbox, every meeting with its link, no event written twice, nothing left over."""
    story, guillotine = begin(RULES), Guillotine()
    story.stage.graph.delivery = NotificationDelivery(lose=0.3)
    life = Life(story, guillotine)
    with below(guillotine, story.stage) as settings:
        for n in range(KILLS):
            with Worker(settings) as worker:
                life.quiets(worker)
                life.ends_over(WORKS[n % len(WORKS)], worker)
        with Worker(settings) as worker:
            life.quiets(worker)
            assert life.backfills(worker)
            for _ in range(A_DAY_AND_MORE // SWEEPS):
                assert life.goes_on(worker, SWEEPS)
            life.quiets(worker)

    watched = Counter(one.mailbox for _row, one in story.stage.graph.subscriptions.active())
    assert len(guillotine.last_words) == KILLS
    assert watched == {person.id: 1 for person in life.people}
    assert [story.has_link(*meeting) for meeting in life.meetings] == [True] * len(life.meetings)
    assert written(story) == {meeting: 1 for _person, meeting in life.meetings}
    assert story.poison(MAILBOX_TASKS) == story.poison() == []


def written(story: Story) -> Counter[str]:
    """Count the PATCHes of each event that took effect, whether anybody lived to hear the answer or not."""
    return Counter(
        call.event
        for call in story.stage.graph.calls
        if call.method == "PATCH" and call.event and call.took_effect
    )
