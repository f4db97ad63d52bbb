"""Hypothesis chooses the order of people's actions, faults, time and timers."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule, run_state_machine_as_test

from sandbox.azurite import Azurite
from sandbox.chaos.checker import check
from sandbox.chaos.fault_kinds import HOST_KILLS, OTHER_FAULTS, WRITE_FAULTS, WRITE_FAULTS_THEN_CHANGE
from sandbox.chaos.plan import ChaosPlan, FaultWindow, PlannedFault, PlannedMeeting, UserAction
from sandbox.chaos.run import ChaosRun, chaos_run

ACTIONS = (
    UserAction.EDIT,
    UserAction.DRIFT,
    UserAction.REMOVE_LINK,
    UserAction.REMOVE_LINK,
    UserAction.CANCEL,
)
BLANK = ChaosPlan(
    seed=1,
    people=2,
    clock_skews=(0, 20),
    honors_if_match=False,
    active_seconds=0,
    quiet_seconds=0,
    meetings=(),
    fault_windows=(),
)
LONGEST_BACKOFF = timedelta(hours=1)


class Chaos(RuleBasedStateMachine):
    """A run without a plan: each step is chosen by Hypothesis."""

    meetings: "Bundle[str]" = Bundle("meetings")

    def __init__(self, azurite: Azurite, folder: Path) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.run: ChaosRun = self.stack.enter_context(chaos_run(BLANK, azurite, folder))
        self.state = self.run.state
        self.run.hosts.maintain()
        self.passes(60)

    @rule(target=meetings, owner=st.integers(0, 1), wants_link=st.sampled_from((True, True, True, False)))
    def creates(self, owner: int, *, wanted: bool) -> str:
        """A person creates an event."""
        name = f"m{len(self.state.ids)}"
        meeting = PlannedMeeting(name=name, owner=owner, wants_link=wanted, actions=())
        self.state.plan = replace(self.state.plan, meetings=(*self.state.plan.meetings, meeting))
        self.state.create(meeting)
        return name

    @rule(meeting=meetings, action=st.sampled_from(ACTIONS))
    def acts(self, meeting: str, action: UserAction) -> None:
        """A person does something to an event."""
        self.state.do(meeting, action)

    @rule(
        fault=st.sampled_from((*WRITE_FAULTS, *WRITE_FAULTS_THEN_CHANGE, *HOST_KILLS, *OTHER_FAULTS)),
        limit=st.integers(1, 3),
    )
    def starts_fault(self, fault: PlannedFault, limit: int) -> None:
        """The next calls of a kind fail."""
        now = int(self.state.seconds())
        window = FaultWindow(fault=fault, start=now, duration=120, probability=1.0, limit=limit)
        self.state.plan = replace(self.state.plan, fault_windows=(*self.state.plan.fault_windows, window))

    @rule(seconds=st.sampled_from((20, 20, 60, 300, 900)))
    def passes(self, seconds: int) -> None:
        """Time passes, then all hosts process their messages."""
        self.state.clock.advance(timedelta(seconds=seconds))
        self.run.work()

    @rule()
    def maintains(self) -> None:
        """A host runs the timer."""
        self.run.hosts.maintain()

    def teardown(self) -> None:
        """After quiet time, no promise is broken."""
        with self.stack:
            for _ in range(4):
                self.passes(60)
                self.run.hosts.maintain()
                self.passes(int(LONGEST_BACKOFF.total_seconds()))
            verdict = check(self.run.record())
        assert verdict.others == ()
        assert {event.meeting: event.history for event in verdict.events if event.violations} == {}


def test_no_order_of_actions_and_faults_breaks_a_promise(azurite: Azurite, tmp_path: Path) -> None:
    """Two hosts, no If-Match, any actions and faults in any order."""

    class Here(Chaos):
        def __init__(self) -> None:
            super().__init__(azurite, tmp_path)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=2,  # each is a whole run; more examples find more
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
