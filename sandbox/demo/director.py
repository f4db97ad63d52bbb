"""The day's course: acts at their times, and time that never outruns the machine."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sandbox.demo.contoso import PATIENCE_SECONDS, Contoso
from sandbox.demo.journal import Journal
from sandbox.demo.scenes import Act
from sandbox.stage import Stage

STEP = timedelta(seconds=5)
#: After so many steps in which nothing was heard from the app, time goes in strides.
CALM_STEPS = 6
STRIDE = timedelta(seconds=30)
#: Longer than all waits of the app that the play gives rise to, one after the other.
LONGEST_ACT = timedelta(hours=1)
#: between two runs of the maintenance timer; the first is at the beginning of the first act
TIMER = timedelta(minutes=15)


class Stuck(Exception):
    """The play does not go on; the text says where."""


class Director:
    """Plays acts on a live stage; `on_step` is called whenever there may be something to see."""

    def __init__(
        self, stage: Stage, contoso: Contoso, journal: Journal, on_step: Callable[[str], None]
    ) -> None:
        self._stage = stage
        self._contoso = contoso
        self._journal = journal
        self._on_step = on_step
        self._timer_at = stage.clock.now()
        #: lines of the journal at the last look
        self._seen = 0

    def play(self, acts: Sequence[Act]) -> None:
        """Play the acts in order, each to its end; between them the timer works on.

        Raises:
            Stuck: the app does not get done with its work.
        """
        self._timer_at = self._beginning(acts[0])
        for before, act in pairwise([acts[0], *acts]):
            self._wait_for(act, before.title)
            for scene in act.scenes:
                self._contoso.plan(scene)
            for doing in act.doings:
                doing(self._contoso)
            self._play_out(act.title)

    def _beginning(self, act: Act) -> datetime:
        now = self._stage.clock.now()
        return datetime.combine(now.date(), act.at, now.tzinfo)

    def _wait_for(self, act: Act, title: str) -> None:
        while self._timer_at < self._beginning(act):
            self._move_to(self._timer_at)
            self._play_out(title)
        self._move_to(self._beginning(act))

    def _move_to(self, moment: datetime) -> None:
        self._stage.clock.advance(max(moment - self._stage.clock.now(), timedelta(0)))

    def _play_out(self, title: str) -> None:
        """Let time pass, step by step, until there is nothing to deliver, to wait for or to work on."""
        end = self._stage.clock.now() + LONGEST_ACT
        calm_steps = 0
        self._set_off(title)
        while self._stage.graph.undelivered or any(self._stage.host.waiting().values()):
            if self._stage.clock.now() > end:
                raise Stuck(f"{title}: an hour later there is still work: {self._stage.host.waiting()}.")
            calm_steps = 0 if self._see_worked_on(title) else calm_steps + 1
            self._stage.clock.advance(STEP if calm_steps < CALM_STEPS else STRIDE)
            self._set_off(title)

    def _set_off(self, title: str) -> None:
        """Run the timer if it is due, and deliver what is."""
        if self._stage.clock.now() >= self._timer_at:
            self._timer_at += TIMER
            self._stage.host.run_timer("maintenance")
        self._stage.graph.deliver()
        self._look(title)

    def _see_worked_on(self, title: str) -> bool:
        """Wait until nothing is in work; tell whether anything was heard from the app since the last look."""
        if not self._stage.host.quiet(PATIENCE_SECONDS):
            raise Stuck(f"{title}: messages are worked on for more than {PATIENCE_SECONDS} seconds.")
        if self._journal.length == self._seen:
            return False
        self._look(title)
        return True

    def _look(self, title: str) -> None:
        self._seen = self._journal.length
        self._on_step(title)
