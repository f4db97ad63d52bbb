"""The day's course: acts at their times, and time that never outruns the machine."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sandbox.demo.contoso import PATIENCE_SECONDS, Contoso
from sandbox.demo.journal import Journal
from sandbox.demo.scenes import Act
from sandbox.stage import Stage

STEP = timedelta(seconds=5)
#: After so many steps in which nothing was heard from the app, time goes in strides.
CALM_STEPS = 6
STRIDE = timedelta(seconds=20)
#: Longer than all waits of the app that the play gives rise to, one after the other.
LONGEST_ACT = timedelta(hours=1)


class Stuck(Exception):
    """The play does not go on; the text says where."""


class Director:
    """Plays acts on a live stage; `on_step` is called after each step, when nothing is being worked on."""

    def __init__(
        self, stage: Stage, contoso: Contoso, journal: Journal, on_step: Callable[[str], None]
    ) -> None:
        self._stage = stage
        self._contoso = contoso
        self._journal = journal
        self._on_step = on_step

    def play(self, acts: Sequence[Act]) -> None:
        """Play the acts in order, each to its end.

        Raises:
            Stuck: the app does not get done with its work.
        """
        for act in acts:
            self._wait_for(act)
            for scene in act.scenes:
                self._contoso.plan(scene)
            for doing in act.doings:
                doing(self._contoso)
            self._play_out(act)

    def _wait_for(self, act: Act) -> None:
        now = self._stage.clock.now()
        begins = datetime.combine(now.date(), act.at, now.tzinfo)
        self._stage.clock.advance(max(begins - now, timedelta(0)))

    def _play_out(self, act: Act) -> None:
        """Let time pass, step by step, until there is nothing to deliver, to wait for or to work on."""
        end = self._stage.clock.now() + LONGEST_ACT
        heard = calm_steps = 0
        while self._step(act):
            if self._stage.clock.now() > end:
                raise Stuck(f"{act.title}: an hour later there is still work: {self._stage.host.waiting()}.")
            calm_steps = 0 if heard < self._journal.length else calm_steps + 1
            heard = self._journal.length
            self._stage.clock.advance(STEP if calm_steps < CALM_STEPS else STRIDE)

    def _step(self, act: Act) -> bool:
        """Deliver what is due and see it worked on; tell whether there is more to come."""
        self._stage.graph.deliver()
        self._on_step(act.title)
        if not self._stage.host.quiet(PATIENCE_SECONDS):
            raise Stuck(f"{act.title}: messages are worked on for more than {PATIENCE_SECONDS} seconds.")
        self._on_step(act.title)
        return bool(self._stage.graph.undelivered or any(self._stage.host.waiting().values()))
