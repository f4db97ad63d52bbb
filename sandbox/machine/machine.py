"""The rules that Hypothesis chooses from. What each does is in `town.py` and `people.py`."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from sandbox.machine.admin_machine import AdminMachine
from sandbox.machine.graph_faults import GRAPH_FAULTS
from sandbox.machine.people import OwnerAct
from sandbox.machine.services import StorageFailure
from sandbox.machine.town_machine import ACTS_AT_WRITE, MEETINGS, WORKERS
from shared.domain.messages import EVENT_CHANGES

_WRITE_FAULTS = st.sampled_from([name for name in sorted(GRAPH_FAULTS) if name.startswith("write")])
_STEPS = st.integers(1, 26)
_ACTS = st.sampled_from([*OwnerAct, *[OwnerAct.REMOVE_LINK] * 4, OwnerAct.ANSWER, OwnerAct.OPT_OUT])


class Machine(AdminMachine):
    """Organizers, admins, faults and two workers in any order; then calm. No promise is ever broken."""

    @rule(
        target=MEETINGS,
        owner=st.sampled_from((0, 0, 1)),
        kind=st.sampled_from(("out", "out", "out", "in", "opted", "series")),
    )
    def creates(self, owner: int, kind: str) -> str:
        """A person creates a meeting, and its message becomes visible."""
        return self.create(
            owner, is_external=kind != "in", is_opted_out=kind == "opted", is_series=kind == "series"
        )

    @rule(meeting=MEETINGS, act=_ACTS, settles=st.booleans())
    def acts(self, meeting: str, act: OwnerAct, *, settles: bool) -> None:
        """A person does something to a meeting; perhaps its message becomes visible."""
        self.town.people.do(meeting, act)
        if settles:
            self.town.settle()

    @rule(worker=WORKERS, steps=_STEPS)
    def works(self, worker: int, steps: int) -> None:
        """A worker makes some steps; an idle one takes a message first."""
        self.town.run(self.town.workers[worker], steps)

    @rule(worker=WORKERS, steps=_STEPS, others=st.sampled_from((None, 3, 8)))
    def cuts_in(self, worker: int, steps: int, others: int | None) -> None:
        """A worker makes some steps, then the other makes some, or handles a message to its end."""
        self.town.run(self.town.workers[worker], steps)
        self.town.run(self.town.workers[1 - worker], others)

    @rule(worker=WORKERS, steps=_STEPS, act=_ACTS)
    def changes_meanwhile(self, worker: int, steps: int, act: OwnerAct) -> None:
        """A worker makes some steps, then a person changes the very event that it handles."""
        running = self.town.workers[worker]
        self.town.run(running, steps)
        if running.delivery and running.delivery.event:
            self.town.people.do(running.delivery.event.id, act)

    @rule(worker=WORKERS, steps=_STEPS, is_new=st.booleans())
    def dies(self, worker: int, steps: int, *, is_new: bool) -> None:
        """A worker makes some steps and is killed, perhaps with a new meeting; another takes its place."""
        if is_new:
            self.create(0, is_external=True, is_opted_out=False)
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

    @rule(worker=WORKERS)
    def maintains(self, worker: int) -> None:
        """The timer runs."""
        self.town.maintain(self.town.workers[worker])

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
        target=MEETINGS,
        name=_WRITE_FAULTS,
        act=st.sampled_from((None, OwnerAct.REMOVE_LINK, OwnerAct.REMOVE_LINK, OwnerAct.ANSWER)),
    )
    def loses_answer(self, name: str, act: OwnerAct | None) -> str:
        """The write to a new meeting fails, perhaps after its effect; then a person may change the event."""
        self.town.fail_graph(name, 1)
        self.town.after_patch = act
        return self.create(0, is_external=True, is_opted_out=False)

    @rule(act=ACTS_AT_WRITE)
    def changes_at_write(self, act: OwnerAct) -> None:
        """A person changes an event between our last read of it and the next PATCH."""
        self.town.before_patch = act

    @rule(target=MEETINGS, act=ACTS_AT_WRITE)
    def changes_new_at_write(self, act: OwnerAct) -> str:
        """A person changes a new meeting between our last read and its PATCH, which no limit refuses."""
        before = self.town.rules.now
        self.town.change_rules(replace(before, mode="enforce", per_hour=None, per_mailbox_per_day=None))
        self.town.drain(until=self.town.now + timedelta(minutes=3))
        meeting = self.change_at_write(act)
        self.town.change_rules(before)
        return meeting

    @rule(target=MEETINGS, worker=WORKERS, act=st.sampled_from((None, None, OwnerAct.ANSWER)))
    def overlaps(self, worker: int, act: OwnerAct | None) -> str:
        """A worker is about to write to a new meeting when the other handles it; then it continues."""
        running, other = self.town.workers[worker], self.town.workers[1 - worker]
        self.town.drain(until=self.town.now + timedelta(minutes=1))
        meeting = self.create(0, is_external=True, is_opted_out=False)
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

    @rule(meeting=MEETINGS)
    def forges(self, meeting: str) -> None:
        """A stranger sends a notification under a key that is not in force."""
        queue, people = self.town.account.queue(EVENT_CHANGES), self.town.people
        before, mailbox = len(queue), people.mailbox(people.events[meeting])
        self.town.workers[0].receive(self.town.admin.forged(mailbox, meeting))
        self.town.judge.saw_forged(len(queue) - before)
