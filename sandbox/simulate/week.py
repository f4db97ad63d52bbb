"""Simulates a week: the timer every quarter of an hour, each task when its message becomes visible.

A week of 100,000 mailboxes has 2.8 million sweeps, hours of computing for the same calls. Therefore

- the product runs one sweep in `SAMPLE`; for the others the simulation only counts their calls against
  Graph's limits, and updates the row as the product does;
- the clock skips the hours in which only sweeps are due. Their calls are estimated from the other hours.

Everything else is simulated in full: each run of the timer, each subscription and each renewal.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter

from sandbox.simulate.tenant import START, SimulatedTenant
from shared.domain.messages import MailboxTask, TaskKind

WEEK = timedelta(days=7)
SAMPLE = 50
#: The hours from the start that are simulated: subscribing and a round of sweeps, and both rounds of
#: renewals. A round of sweeps that has begun is simulated to its end.
SIMULATED_HOURS = ((0.0, 9.5), (82.0, 86.0), (164.0, 168.0))
_TIMER = timedelta(minutes=15)
#: The window in which Graph counts calls against a limit.
_WINDOW = timedelta(seconds=20)
_Calls = Counter[tuple[str, str]]
_READ, _VIEW = ("GET", "/subscriptions/<subscription>"), ("GET", "/users/<user>/calendarView")
_LIST = ("GET", "/users/<user>/calendars")
_FURTHER_VIEW = ("GET", "/users/<user>/calendars/<calendar>/calendarView")
#: how often the product reads the list of a mailbox's calendars
_LIST_EVERY = timedelta(days=1)


@dataclass(slots=True)
class QuarterHour:
    """The most calls in 20 s by kind, and the greatest length of the queue."""

    begin: datetime
    calls: _Calls = field(default_factory=Counter)
    queue: int = 0


class WarningCounter(logging.Handler):
    """Counts the product's warnings and errors by name."""

    def __init__(self) -> None:
        super().__init__()
        self.names = Counter[str]()

    def emit(self, record: logging.LogRecord) -> None:
        """Count a line."""
        self.names[json.loads(record.getMessage())["event"]] += 1


class Week:
    """The simulation and what it measured."""

    def __init__(self, tenant: SimulatedTenant, report: Callable[[str], None] = lambda _text: None) -> None:
        self.tenant = tenant
        self._report = report
        self._next_timer = START
        self._calls_before: _Calls = Counter()
        self._window_ends = START + _WINDOW
        #: calls that were counted but not sent
        self.counted_only: _Calls = Counter()
        #: calls of the hours that were skipped
        self.estimated: _Calls = Counter()
        self.quarter_hours: list[QuarterHour] = []
        self.skipped = self.longest_run = timedelta(0)
        self.sweeps_run = self.sweeps_counted = 0
        #: warnings and errors of the product by name
        self.warnings = Counter[str]()
        self._between_sweeps: Counter[timedelta] = Counter()
        #: when the list of calendars was last counted, by mailbox
        self._listed: dict[str, datetime] = {}

    def play(self) -> None:
        """Simulate the week."""
        logger, counter = logging.getLogger("joinlink"), WarningCounter()
        logger.addHandler(counter)
        try:
            for begin, end in SIMULATED_HOURS:
                self._skip_to(START + timedelta(hours=begin))
                self.play_until(START + timedelta(hours=end))
                while end < SIMULATED_HOURS[-1][1] and len(self.tenant.tasks):
                    self.play_until(self.tenant.now + _TIMER)
                self._report(f"hour {end:g} of 168: {self._calls().total():,} calls to Graph")
        finally:
            logger.removeHandler(counter)
        self._estimate()
        self.warnings = counter.names

    def play_until(self, end: datetime) -> None:
        """Simulate everything that happens before a moment."""
        for moment in self._moments(end):
            self._measure(moment)
            self.tenant.now = moment
            if moment == self._next_timer:
                self._run_timer()
            while message := self.tenant.tasks.take():
                self._handle(message)
        self._measure(end)
        self.tenant.now = end

    def _calls(self) -> _Calls:
        return self.tenant.graph.counted + self.counted_only

    def _moments(self, end: datetime) -> Iterator[datetime]:
        """Yield the time of each next event before `end`."""
        while True:
            message = self.tenant.tasks.next_visible
            # A message that became visible in skipped hours is handled now.
            at = max(message, self.tenant.now) if message else self._next_timer
            moment = min(at, self._next_timer)
            if moment >= end:
                return
            yield moment

    def _run_timer(self) -> None:
        self._next_timer += _TIMER
        self.quarter_hours.append(QuarterHour(self.tenant.now))
        began = perf_counter()
        self.tenant.product.maintain()
        self.longest_run = max(self.longest_run, timedelta(seconds=perf_counter() - began))

    def _handle(self, message: str) -> None:
        task = MailboxTask.decode(message)
        if task.task is not TaskKind.SWEEP:
            self.tenant.product.handle(message)
            return
        last = self.tenant.product.mailboxes.read(task.mailbox).last_sweep
        if last:
            self._between_sweeps[self.tenant.now - last] += 1
        if is_sampled(task.mailbox):
            self.sweeps_run += 1
            self.tenant.product.handle(message)
        else:
            self.sweeps_counted += 1
            self._count_sweep(task.mailbox)

    def _count_sweep(self, mailbox: str) -> None:
        """Count the calls of a sweep of empty calendars, and update the row as the product does."""
        limits, user = self.tenant.graph.limits, f"/v1.0/users/{mailbox}"
        limits.check("GET", "/v1.0/subscriptions/one", {}, "")
        limits.check("GET", f"{user}/calendarView", {}, mailbox)
        self.counted_only.update((_READ, _VIEW))
        if self._is_list_due(mailbox):
            limits.check("GET", f"{user}/calendars", {}, mailbox)
            self.counted_only[_LIST] += 1
        if mailbox in self.tenant.further:
            limits.check("GET", f"{user}/calendars/one/calendarView", {}, mailbox)
            self.counted_only[_FURTHER_VIEW] += 1
        self.tenant.product.mailboxes.update(mailbox, last_sweep=self.tenant.now, asked_until=None)

    def _is_list_due(self, mailbox: str) -> bool:
        last = self._listed.get(mailbox)
        is_due = last is None or self.tenant.now >= last + _LIST_EVERY
        if is_due:
            self._listed[mailbox] = self.tenant.now
        return is_due

    def _measure(self, moment: datetime) -> None:
        """Record the queue's length, and the calls of a window that ends before `moment`."""
        if not self.quarter_hours:
            return
        current = self.quarter_hours[-1]
        current.queue = max(current.queue, len(self.tenant.tasks))
        if moment >= self._window_ends:
            calls = self._calls()
            current.calls |= calls - self._calls_before
            self._calls_before, self._window_ends = calls, moment + _WINDOW

    def _skip_to(self, moment: datetime) -> None:
        """Skip hours as if their rounds of sweeps had run."""
        skipped = moment - self.tenant.now
        if not skipped:
            return
        assert not len(self.tenant.tasks), "there are tasks before the skipped hours"
        for row in self.tenant.product.mailboxes.all():
            assert row.last_sweep
            assert not row.renew_at or row.renew_at >= moment, "a renewal is due in the skipped hours"
            self.tenant.product.mailboxes.update(row.id, last_sweep=row.last_sweep + skipped)
        self.tenant.now = self._next_timer = moment
        self._window_ends = moment + _WINDOW
        self.skipped += skipped

    def _estimate(self) -> None:
        """Estimate the calls of the skipped hours."""
        runs = self.skipped / _TIMER
        for call in (("GET", "/users"), ("GET", "/subscriptions")):
            self.estimated[call] = round(self.tenant.graph.counted[call] / len(self.quarter_hours) * runs)
        total = sum((gap * times for gap, times in self._between_sweeps.items()), timedelta(0))
        mean = total / self._between_sweeps.total()
        sweeps = round(self.skipped / mean * len(self.tenant.users))
        users, further = len(self.tenant.users), len(self.tenant.further)
        self.estimated.update(
            {
                _READ: sweeps,
                _VIEW: sweeps,
                _FURTHER_VIEW: round(sweeps * further / users),
                _LIST: round(self.skipped / _LIST_EVERY * users),
            }
        )


def is_sampled(mailbox: str) -> bool:
    """Return whether the product runs the sweeps of a mailbox; the others are only counted."""
    return int(mailbox[-6:], 16) % SAMPLE == 0
