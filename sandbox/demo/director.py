"""Plays the day: starts each act at its time, and moves the clock only when Joinlink has no work in hand."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sandbox.demo.contoso import PATIENCE_SECONDS, Contoso
from sandbox.demo.day import Act, PlayedScene
from sandbox.demo.journal import Journal
from sandbox.stage import Stage

_STEP = timedelta(seconds=5)
#: After this many steps without a log line, the clock moves by `_LONG_STEP`.
_QUIET_STEPS = 6
_LONG_STEP = timedelta(seconds=30)
#: Longer than all waits of Joinlink in one act together.
_LONGEST_ACT = timedelta(hours=1)
#: The interval of the maintenance timer, which first runs at the start of the first act.
_TIMER = timedelta(minutes=15)


class DemoStuck(Exception):
    """The demo can't continue; the text says where."""


class Director:
    """Plays acts on a live stage; calls `on_step` with the act's title after every step."""

    def __init__(
        self, stage: Stage, contoso: Contoso, journal: Journal, on_step: Callable[[str], None]
    ) -> None:
        self._stage = stage
        self._contoso = contoso
        self._journal = journal
        self._on_step = on_step
        self._next_timer = stage.clock.now()
        self._lines_seen = 0
        #: the scenes so far
        self.scenes: list[PlayedScene] = []

    def play(self, acts: Sequence[Act]) -> None:
        """Play the acts in order, each to its end; the timer runs between them.

        Raises:
            DemoStuck: Joinlink does not finish its work.
        """
        self._next_timer = self._start(acts[0])
        for previous, act in pairwise([acts[0], *acts]):
            while self._next_timer < self._start(act):
                self._move_to(self._next_timer)
                self._finish_work(previous.title)
            self._move_to(self._start(act))
            self.scenes.extend(self._plan(act))
            for change in act.changes:
                change(self._contoso)
            self._finish_work(act.title)

    def _plan(self, act: Act) -> Sequence[PlayedScene]:
        planned = []
        for scene in act.scenes:
            entry = (
                self._contoso.find_copy(scene.who, scene.subject)
                if scene.is_copy
                else self._contoso.create(scene.who, scene.body(), scene.missed)
            )
            scene.prepare(self._contoso, entry)
            planned.append(PlayedScene(scene, entry))
        return planned

    def _start(self, act: Act) -> datetime:
        now = self._stage.clock.now()
        return datetime.combine(now.date(), act.at, now.tzinfo)

    def _move_to(self, moment: datetime) -> None:
        self._stage.clock.advance(max(moment - self._stage.clock.now(), timedelta(0)))

    def _finish_work(self, title: str) -> None:
        """Let time pass, step by step, until nothing is left to deliver, to wait for or to handle."""
        end = self._stage.clock.now() + _LONGEST_ACT
        quiet_steps = 0
        self._trigger(title)
        while self._stage.graph.undelivered or any(self._stage.host.waiting().values()):
            if self._stage.clock.now() > end:
                raise DemoStuck(f"{title}: messages are left after an hour: {self._stage.host.waiting()}.")
            if not self._stage.host.quiet(PATIENCE_SECONDS):
                raise DemoStuck(f"{title}: a message takes more than {PATIENCE_SECONDS} seconds.")
            is_quiet = self._journal.length == self._lines_seen
            self._show(title)
            quiet_steps = quiet_steps + 1 if is_quiet else 0
            self._stage.clock.advance(_STEP if quiet_steps < _QUIET_STEPS else _LONG_STEP)
            self._trigger(title)

    def _trigger(self, title: str) -> None:
        """Run the timer if it is due, and deliver notifications."""
        if self._stage.clock.now() >= self._next_timer:
            self._next_timer += _TIMER
            self._stage.host.run_timer("maintenance")
        self._stage.graph.deliver()
        self._show(title)

    def _show(self, title: str) -> None:
        self._lines_seen = self._journal.length
        self._on_step(title)
