"""The rules that Hypothesis chooses from. What each does is in `town.py` and `people.py`."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from sandbox.machine.graph_faults import GRAPH_FAULTS
from sandbox.machine.people import Act
from sandbox.machine.services import StorageFault
from sandbox.machine.town import Town, opened

_WORKERS = st.integers(0, 1)


class Machine(RuleBasedStateMachine):
    """People, admins, faults and two workers in any order; then calm. No promise is ever broken."""

    meetings: "Bundle[str]" = Bundle("meetings")

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.town: Town

    @initialize(honors=st.booleans(), stale=st.sampled_from((0, 0, 10)))
    def opens(self, *, honors: bool, stale: int) -> None:
        """Graph has its habits, and the app has subscribed all mailboxes."""
        town = opened(honors_if_match=honors, stale_for=timedelta(seconds=stale))
        self.town = self._stack.enter_context(town)

    @rule(target=meetings, owner=st.sampled_from((0, 0, 1)), kind=st.sampled_from(("in", "out", "out", "opted")))
    def creates(self, owner: int, kind: str) -> str:
        """A person creates a meeting."""
        return self.town.people.create(owner, is_external=kind != "in", is_opted_out=kind == "opted")

    @rule(meeting=meetings, act=st.sampled_from([*Act, Act.REMOVE_LINK, Act.REMOVE_LINK]))
    def acts(self, meeting: str, act: Act) -> None:
        """A person does something to a meeting."""
        self.town.people.do(meeting, act)

    @rule(worker=_WORKERS, steps=st.sampled_from((1, 2, 3, 4, 6, 9, 14)))
    def works(self, worker: int, steps: int) -> None:
        """A worker makes some steps; an idle one takes a message first."""
        self.town.run(self.town.workers[worker], steps)

    @rule(worker=_WORKERS)
    def finishes(self, worker: int) -> None:
        """A worker handles a message to its end."""
        self.town.run(self.town.workers[worker])

    @rule(worker=_WORKERS)
    def dies(self, worker: int) -> None:
        """A worker is killed where it is, and started again."""
        self.town.kill(self.town.workers[worker])

    @rule(seconds=st.sampled_from((5, 20, 21, 61, 130, 310, 900, 3600)))
    def waits(self, seconds: int) -> None:
        """Time passes, and notifications arrive."""
        self.town.let_pass(timedelta(seconds=seconds))

    @rule(worker=_WORKERS)
    def maintains(self, worker: int) -> None:
        """The timer runs."""
        self.town.maintain(self.town.workers[worker])

    @rule(worker=_WORKERS, braked=st.booleans())
    def restarts(self, worker: int, *, braked: bool) -> None:
        """An admin sets JOINLINK_MODE, which restarts a worker."""
        self.town.restart(self.town.workers[worker], is_braked=braked)

    @rule(mode=st.sampled_from(("enforce", "enforce", "report", "off")))
    def sets_mode(self, mode: str) -> None:
        """An admin changes the mode of the rule."""
        self.town.change_rules(replace(self.town.rules.now, mode=mode))

    @rule(excluded=st.booleans())
    def sets_scope(self, *, excluded: bool) -> None:
        """An admin excludes the second mailbox, or includes it again."""
        self.town.change_rules(replace(self.town.rules.now, excludes_second=excluded))

    @rule(name=st.sampled_from(sorted(GRAPH_FAULTS)), count=st.integers(1, 3))
    def fails_graph(self, name: str, count: int) -> None:
        """The next calls to Graph of a kind fail."""
        self.town.fail_graph(name, count)

    @rule(kind=st.sampled_from(StorageFault), is_table=st.booleans())
    def fails_storage(self, kind: StorageFault, *, is_table: bool) -> None:
        """The next call to a table or a queue fails."""
        (self.town.fail_table if is_table else self.town.fail_queue)(kind)

    @invariant()
    def keeps_promises(self) -> None:
        """Nothing was broken so far."""
        assert not getattr(self, "town", None) or self.town.judge.violations == []

    def teardown(self) -> None:
        """After calm, every event is as it should be, and a further pass writes nothing."""
        with self._stack:
            if hasattr(self, "town") and not self.town.judge.violations:
                self.town.calm_down()
                assert self.town.judge.violations == []
