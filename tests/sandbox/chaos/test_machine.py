"""Hypothesis makes the plan up as it goes: any order of people's deeds, faults, time and timers."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule, run_state_machine_as_test

from sandbox.azurite import Azurite
from sandbox.chaos.catalogue import AROUND, CROSSED, KILLS, WRITES
from sandbox.chaos.judge import judge
from sandbox.chaos.plan import ChaosPlan, Deed, Happening, Outbreak, PlannedFault, PlannedMeeting
from sandbox.chaos.play import Theatre, theatre

DEEDS = (Deed.EDIT, Deed.DRIFT, Deed.REMOVE_LINK, Deed.REMOVE_LINK, Deed.CANCEL)
BLANK = ChaosPlan(
    seed=1, people=2, skews=(0, 20), honors_if_match=False, busy=0, quiet=0, meetings=(), outbreaks=()
)
LONGEST_BACKOFF = timedelta(hours=1)


class Chaos(RuleBasedStateMachine):
    """The same scene, hosts and judge as a play's, without its script."""

    meetings: "Bundle[str]" = Bundle("meetings")

    def __init__(self, azurite: Azurite, folder: Path) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.theatre: Theatre = self.stack.enter_context(theatre(BLANK, azurite, folder))
        self.scene = self.theatre.scene
        self.theatre.maintain()
        self.passes(60)

    @rule(target=meetings, owner=st.integers(0, 1), wanted=st.sampled_from((True, True, True, False)))
    def creates(self, owner: int, *, wanted: bool) -> str:
        """Somebody creates an event."""
        happening = Happening(at=0, deed=Deed.CREATE)
        name = f"m{len(self.scene.ids)}"
        meeting = PlannedMeeting(name=name, owner=owner, wanted=wanted, happenings=(happening,))
        self.scene.plan = replace(self.scene.plan, meetings=(*self.scene.plan.meetings, meeting))
        self.scene.play(meeting, happening)
        return name

    @rule(meeting=meetings, deed=st.sampled_from(DEEDS))
    def does(self, meeting: str, deed: Deed) -> None:
        """Somebody does something to it."""
        self.scene.do(meeting, deed)

    @rule(fault=st.sampled_from((*WRITES, *CROSSED, *KILLS, *AROUND)), most=st.integers(1, 3))
    def breaks_out(self, fault: PlannedFault, most: int) -> None:
        """The next calls of a kind are struck."""
        now = int(self.scene.seconds())
        outbreak = Outbreak(fault=fault, begins=now, lasts=120, share=1.0, most=most)
        self.scene.plan = replace(self.scene.plan, outbreaks=(*self.scene.plan.outbreaks, outbreak))

    @rule(seconds=st.sampled_from((20, 20, 60, 300, 900)))
    def passes(self, seconds: int) -> None:
        """Time passes, then all hosts work."""
        self.scene.clock.advance(timedelta(seconds=seconds))
        self.theatre.work()

    @rule()
    def maintains(self) -> None:
        """The timer is due."""
        self.theatre.maintain()

    def teardown(self) -> None:
        """After quiet time, the law was kept."""
        with self.stack:
            for _ in range(4):
                self.passes(60)
                self.theatre.maintain()
                self.passes(int(LONGEST_BACKOFF.total_seconds()))
            verdict = judge(self.theatre.record())
        assert verdict.others == ()
        assert {event.meeting: event.story for event in verdict.events if event.breaches} == {}


def test_no_order_of_deeds_and_faults_breaks_the_law(azurite: Azurite, tmp_path: Path) -> None:
    """Two hosts, no If-Match, whatever comes in whatever order."""

    class Here(Chaos):
        def __init__(self) -> None:
            super().__init__(azurite, tmp_path)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=2,  # each is a play of its own; with more, this finds more
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
