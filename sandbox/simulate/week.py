"""A week, message by message: the timer every quarter of an hour, each task when it comes to sight.

A week of 100,000 mailboxes is 2.8 million sweeps, hours of computing for the same call over and over. Hence

- of the sweeps one in `SAMPLE` is carried out by the product; of the others only the two calls are counted
  against Graph's limits, and the row is noted as the product would note it;
- the clock leaps over the hours in which nothing is due but sweeps, one round like the other. What those
  would have called is reckoned from the rounds that were played.

Everything else is played in full: the timer's runs, every subscription made and every renewal.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter

from sandbox.simulate.complaints import Complaints
from sandbox.simulate.town import START, Town
from shared.domain.messages import MailboxTask, TaskKind

WEEK = timedelta(days=7)
SAMPLE = 50
#: What is played, in hours from the start: subscribing and a round of sweeps, and both times of renewing. A
#: round of sweeps that has begun is played to its end.
PLAYED = ((0.0, 9.5), (82.0, 86.0), (164.0, 168.0))
_TIMER = timedelta(minutes=15)
_SLICE = timedelta(seconds=20)
_Calls = Counter[tuple[str, str]]
_READ, _VIEW = ("GET", "/subscriptions/<subscription>"), ("GET", "/users/<user>/calendarView")


@dataclass(slots=True)
class Slot:
    """A quarter of an hour: the most calls in 20 s by kind, and the longest that the queue was."""

    begin: datetime
    calls: _Calls = field(default_factory=Counter)
    queue: int = 0


class Week:
    """The simulation and what it saw; `complaints` counts the product's warnings and errors by name."""

    def __init__(self, town: Town, say: Callable[[str], None] = lambda _text: None) -> None:
        self.town = town
        self._say = say
        self._next_timer = START
        self._seen: _Calls = Counter()
        self._slice_ends = START + _SLICE
        #: calls that were counted instead of made
        self.counted_only: _Calls = Counter()
        #: calls of the hours that were leapt over, reckoned
        self.reckoned: _Calls = Counter()
        self.slots: list[Slot] = []
        self.leapt = self.longest_run = timedelta(0)
        self.runs = 0
        self.sweeps = Counter[str]()
        self.complaints = Counter[str]()
        self._between_sweeps: Counter[timedelta] = Counter()

    def play(self) -> None:
        """Let the week pass."""
        with Complaints() as heard:
            for begin, end in PLAYED:
                self._leap(START + timedelta(hours=begin))
                self.play_until(START + timedelta(hours=end))
                if end < PLAYED[-1][1]:
                    self._play_out()
                self._say(f"hour {end:g} of 168: {self.played_calls().total():,} calls to Graph")
        self._reckon()
        self.complaints = heard.counted

    def play_until(self, end: datetime) -> None:
        """Play all that happens before a moment."""
        for moment in self._moments(end):
            self._look(moment)
            self.town.clock.set(moment)
            if moment == self._next_timer:
                self._next_timer += _TIMER
                self.runs += 1
                self.slots.append(Slot(moment))
                began = perf_counter()
                self.town.product.maintain()
                self.longest_run = max(self.longest_run, timedelta(seconds=perf_counter() - began))
            while message := self.town.tasks.take():
                self._handle(message)
        self._look(end)
        self.town.clock.set(end)

    def _play_out(self) -> None:
        """Play on until nothing is left to do for the time being."""
        while len(self.town.tasks):
            self.play_until(self.town.clock() + _TIMER)

    def played_calls(self) -> _Calls:
        """Return the calls that were made or counted, by method and path."""
        return self.town.graph.counted + self.counted_only

    def _moments(self, end: datetime) -> Iterator[datetime]:
        """Yield when the next thing happens, again and again."""
        while True:
            message = self.town.tasks.next_visible
            # A message that came to sight during a leap of the clock is handled now.
            at = max(message, self.town.clock()) if message else self._next_timer
            moment = min(at, self._next_timer)
            if moment >= end:
                return
            yield moment

    def _handle(self, message: str) -> None:
        task = MailboxTask.decode(message)
        if task.task is not TaskKind.SWEEP:
            self.town.product.handle(message)
            return
        last = self.town.product.mailboxes.read(task.mailbox).last_sweep
        if last:
            self._between_sweeps[self.town.clock() - last] += 1
        if is_sampled(task.mailbox):
            self.sweeps["carried out"] += 1
            self.town.product.handle(message)
        else:
            self.sweeps["counted"] += 1
            self._count_sweep(task.mailbox)

    def _count_sweep(self, mailbox: str) -> None:
        """Count the two calls of a sweep of an empty calendar, and note what the product would."""
        limits = self.town.graph.limits
        limits.check("GET", "/v1.0/subscriptions/one", {}, "")
        limits.check("GET", f"/v1.0/users/{mailbox}/calendarView", {}, mailbox)
        self.counted_only.update((_READ, _VIEW))
        self.town.product.mailboxes.update(mailbox, last_sweep=self.town.clock(), asked_until=None)

    def _look(self, moment: datetime) -> None:
        """Note what the 20 seconds that end before `moment` came to."""
        if not self.slots:
            return
        self.slots[-1].queue = max(self.slots[-1].queue, len(self.town.tasks))
        if moment < self._slice_ends:
            return
        calls = self.played_calls()
        self.slots[-1].calls |= calls - self._seen
        self._seen, self._slice_ends = calls, moment + _SLICE

    def _leap(self, to: datetime) -> None:
        """Go on later, as if the rounds of sweeps between had been made."""
        now = self.town.clock()
        by = to - now
        if not by:
            return
        assert not len(self.town.tasks), "there is work left before the leap"
        for row in self.town.product.mailboxes.all():
            assert row.last_sweep
            assert not row.renew_at or row.renew_at >= to, "a renewal would be leapt over"
            self.town.product.mailboxes.update(row.id, last_sweep=row.last_sweep + by)
        self.town.clock.set(to)
        self._next_timer, self._slice_ends = to, to + _SLICE
        self.leapt += by

    def _reckon(self) -> None:
        """Reckon what the hours would have called that were leapt over."""
        runs = self.leapt / _TIMER
        for call in (("GET", "/users"), ("GET", "/subscriptions")):
            self.reckoned[call] = round(self.town.graph.counted[call] / self.runs * runs)
        rounds = sum(self._between_sweeps.values())
        between = sum((gap * times for gap, times in self._between_sweeps.items()), timedelta(0)) / rounds
        sweeps = round(self.leapt / between * len(self.town.users))
        self.reckoned.update({_READ: sweeps, _VIEW: sweeps})


def is_sampled(mailbox: str) -> bool:
    """Tell whether the sweeps of a mailbox are carried out; those of the others are only counted."""
    return int(mailbox[-6:], 16) % SAMPLE == 0
