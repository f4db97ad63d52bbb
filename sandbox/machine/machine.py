"""The rules that Hypothesis chooses from. What each does is in `town.py` and `people.py`."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule

from sandbox.machine.graph_faults import GRAPH_FAULTS
from sandbox.machine.opening import open_town
from sandbox.machine.people import OwnerAct
from sandbox.machine.record import TenantRules
from sandbox.machine.services import StorageFailure
from shared.domain.messages import EVENT_CHANGES

if TYPE_CHECKING:
    from sandbox.machine.town import Town

_WORKERS = st.integers(0, 1)
_WRITE_FAULTS = st.sampled_from([name for name in sorted(GRAPH_FAULTS) if name.startswith("write")])
_STEPS = st.integers(1, 26)
_ACTS = st.sampled_from([*OwnerAct, *[OwnerAct.REMOVE_LINK] * 4, OwnerAct.ANSWER, OwnerAct.OPT_OUT])
#: what turns the answer of the rules, or makes Graph refuse the write
_ACTS_AT_WRITE = st.sampled_from(
    (
        OwnerAct.OPT_OUT,
        OwnerAct.INVITE_INSIDE,
        OwnerAct.CANCEL,
        OwnerAct.ANSWER,
        OwnerAct.ADD_LINK,
        OwnerAct.DELETE,
    )
)
#: the settle time of a notification, in two halves so that a worker may stand still meanwhile
_SETTLED = timedelta(seconds=10.5)


class Machine(RuleBasedStateMachine):
    """Organizers, admins, faults and two workers in any order; then calm. No promise is ever broken."""

    meetings: "Bundle[str]" = Bundle("meetings")

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.town: Town

    @initialize(
        target=meetings,
        honors=st.sampled_from((True, True, False)),
        stale=st.sampled_from((0, 0, 10)),
        per_hour=st.sampled_from((None, None, 1, 2)),
        per_day=st.sampled_from((None, None, 1)),
    )
    def opens(self, *, honors: bool, stale: int, per_hour: int | None, per_day: int | None) -> str:
        """Graph has its habits, the rules their limits; a person creates the first meeting."""
        town = open_town(
            honors_if_match=honors,
            stale_for=timedelta(seconds=stale),
            rules=TenantRules(per_hour=per_hour, per_mailbox_per_day=per_day),
        )
        self.town = self._stack.enter_context(town)
        return self._create(0, is_external=True, is_opted_out=False)

    @rule(
        target=meetings,
        owner=st.sampled_from((0, 0, 1)),
        kind=st.sampled_from(("out", "out", "out", "in", "opted", "series")),
    )
    def creates(self, owner: int, kind: str) -> str:
        """A person creates a meeting, and its message becomes visible."""
        return self._create(
            owner, is_external=kind != "in", is_opted_out=kind == "opted", is_series=kind == "series"
        )

    @rule(meeting=meetings, act=_ACTS, settles=st.booleans())
    def acts(self, meeting: str, act: OwnerAct, *, settles: bool) -> None:
        """A person does something to a meeting; perhaps its message becomes visible."""
        self.town.people.do(meeting, act)
        if settles:
            self.town.let_pass(_SETTLED)
            self.town.let_pass(_SETTLED)

    @rule(worker=_WORKERS, steps=_STEPS)
    def works(self, worker: int, steps: int) -> None:
        """A worker makes some steps; an idle one takes a message first."""
        self.town.run(self.town.workers[worker], steps)

    @rule(worker=_WORKERS, steps=_STEPS, others=st.sampled_from((None, 3, 8)))
    def cuts_in(self, worker: int, steps: int, others: int | None) -> None:
        """A worker makes some steps, then the other makes some, or handles a message to its end."""
        self.town.run(self.town.workers[worker], steps)
        self.town.run(self.town.workers[1 - worker], others)

    @rule(worker=_WORKERS, steps=_STEPS, act=_ACTS)
    def changes_meanwhile(self, worker: int, steps: int, act: OwnerAct) -> None:
        """A worker makes some steps, then a person changes the very event that it handles."""
        running = self.town.workers[worker]
        self.town.run(running, steps)
        if running.delivery and running.delivery.event:
            self.town.people.do(running.delivery.event.id, act)

    @rule(worker=_WORKERS, steps=_STEPS)
    def dies(self, worker: int, steps: int) -> None:
        """A worker makes some steps and is killed; another takes its place."""
        self.town.run(self.town.workers[worker], steps)
        self.town.kill(self.town.workers[worker])

    @rule(seconds=st.sampled_from((5, 21, 61)))
    def waits(self, seconds: int) -> None:
        """Time passes, and notifications arrive."""
        self.town.let_pass(timedelta(seconds=seconds))

    @rule(minutes=st.sampled_from((1, 3, 6, 12, 70)))
    def quiets(self, minutes: int) -> None:
        """Time passes, and all messages that become visible are handled."""
        self.town.drain(until=self.town.now + timedelta(minutes=minutes))

    @rule(worker=_WORKERS)
    def maintains(self, worker: int) -> None:
        """The timer runs."""
        self.town.maintain(self.town.workers[worker])

    @rule(worker=_WORKERS, braked=st.booleans())
    def restarts(self, worker: int, *, braked: bool) -> None:
        """An admin sets JOINLINK_MODE, which restarts a worker."""
        self.town.restart(self.town.workers[worker], is_braked=braked)

    @rule(mode=st.sampled_from(("enforce", "enforce", "report", "off")), minutes=st.sampled_from((0, 3)))
    def sets_mode(self, mode: str, minutes: int) -> None:
        """An admin changes the mode of the rule; perhaps it is in force before a person creates a meeting."""
        self.town.change_rules(replace(self.town.rules.now, mode=mode))
        if minutes:
            self.town.drain(until=self.town.now + timedelta(minutes=minutes))
            self._create(0, is_external=True, is_opted_out=False)

    @rule(per_hour=st.sampled_from((None, 1, 2)))
    def sets_limit(self, per_hour: int | None) -> None:
        """An admin changes the limit of the rule."""
        self.town.change_rules(replace(self.town.rules.now, per_hour=per_hour))

    @rule(excluded=st.booleans())
    def sets_scope(self, *, excluded: bool) -> None:
        """An admin excludes the second mailbox, or includes it again."""
        self.town.change_rules(replace(self.town.rules.now, excludes_second=excluded))

    @rule(name=st.sampled_from(sorted(GRAPH_FAULTS)), count=st.integers(1, 3))
    def fails_graph(self, name: str, count: int) -> None:
        """The next calls to Graph of a kind fail."""
        self.town.fail_graph(name, count)

    @rule(kind=st.sampled_from(StorageFailure), is_table=st.booleans())
    def fails_storage(self, kind: StorageFailure, *, is_table: bool) -> None:
        """The next call to a table or a queue fails."""
        account = self.town.account
        (account.table_faults if is_table else account.queue_faults).append(kind)

    @rule(
        target=meetings,
        name=_WRITE_FAULTS,
        act=st.sampled_from((None, OwnerAct.REMOVE_LINK, OwnerAct.REMOVE_LINK, OwnerAct.ANSWER)),
    )
    def loses_answer(self, name: str, act: OwnerAct | None) -> str:
        """The write to a new meeting fails, perhaps after its effect; then a person may change the event."""
        self.town.fail_graph(name, 1)
        self.town.after_patch = act
        return self._create(0, is_external=True, is_opted_out=False)

    @rule(act=_ACTS_AT_WRITE)
    def changes_at_write(self, act: OwnerAct) -> None:
        """A person changes an event between our last read of it and the next PATCH."""
        self.town.before_patch = act

    @rule(target=meetings, act=_ACTS_AT_WRITE)
    def changes_new_at_write(self, act: OwnerAct) -> str:
        """A person changes a new meeting between our last read of it and its PATCH."""
        self.town.drain(until=self.town.now + timedelta(minutes=1))
        self.town.before_patch = act
        meeting = self._create(0, is_external=True, is_opted_out=False)
        self.town.drain(until=self.town.now + timedelta(minutes=1))
        return meeting

    @rule(target=meetings, worker=_WORKERS, act=st.sampled_from((None, None, OwnerAct.ANSWER)))
    def overlaps(self, worker: int, act: OwnerAct | None) -> str:
        """A worker is about to write to a new meeting when the other handles it; then it continues."""
        running, other = self.town.workers[worker], self.town.workers[1 - worker]
        self.town.drain(until=self.town.now + timedelta(minutes=1))
        meeting = self._create(0, is_external=True, is_opted_out=False)
        for _ in self.town.workers:
            self.town.read_again(self.town.people.events[meeting])
        self.town.run(running, 1)
        while running.job and not running.is_at_write:
            self.town.run(running, 1)
        if act:
            self.town.people.do(meeting, act)
        self.town.run(other)
        self.town.run_current(running)
        return meeting

    @rule(act=st.sampled_from((OwnerAct.ANSWER, OwnerAct.EDIT, OwnerAct.INVITE_INSIDE)))
    def changes_within_limit(self, act: OwnerAct) -> None:
        """A person changes a meeting at its write, the only one that its hour allows."""
        self.town.change_rules(replace(self.town.rules.now, mode="enforce", per_hour=1))
        self.town.drain(until=self.town.now + timedelta(minutes=70))
        self.town.before_patch = act
        self._create(0, is_external=True, is_opted_out=False)
        self.town.drain(until=self.town.now + timedelta(minutes=1))
        self._create(0, is_external=True, is_opted_out=False)
        self.town.drain(until=self.town.now + timedelta(minutes=1))

    @rule(worker=_WORKERS, is_function_key=st.booleans())
    def replaces_key(self, worker: int, *, is_function_key: bool) -> None:
        """An admin replaces the key of clientState or of the function; the timer may find out."""
        admin = self.town.admin
        (admin.replace_function_key if is_function_key else admin.replace_state_key)()
        for each in self.town.workers:
            self.town.restart(each, is_braked=each.is_braked)
        self.town.maintain(self.town.workers[worker])

    @rule(act=st.sampled_from((None, OwnerAct.REMOVE_LINK, OwnerAct.REMOVE_LINK, OwnerAct.ANSWER)))
    def releases(self, act: OwnerAct | None) -> None:
        """An admin releases all held events; once they are handled, a person may change them."""
        released, people = self.town.admin.release_held(), self.town.people
        for event in released:
            people.events[event].is_released = True
        if released and act:
            self.town.drain(until=self.town.now + timedelta(minutes=3))
            for event in released:
                people.do(event, act)

    @rule(meeting=meetings)
    def forges(self, meeting: str) -> None:
        """A stranger sends a notification under a key that is not in force."""
        queue, people = self.town.account.queue(EVENT_CHANGES), self.town.people
        before, mailbox = len(queue), people.mailbox(people.events[meeting])
        self.town.workers[0].receive(self.town.admin.forged(mailbox, meeting))
        self.town.judge.saw_forged(len(queue) - before)

    def _create(self, owner: int, *, is_external: bool, is_opted_out: bool, is_series: bool = False) -> str:
        people = self.town.people
        event = people.create(owner, is_external=is_external, is_opted_out=is_opted_out, is_series=is_series)
        self.town.let_pass(_SETTLED)
        self.town.let_pass(_SETTLED)
        return event

    def teardown(self) -> None:
        """After calm, every event is as it should be, and a further pass writes nothing."""
        with self._stack:
            if hasattr(self, "town") and not self.town.judge.violations:
                self.town.calm_down()
