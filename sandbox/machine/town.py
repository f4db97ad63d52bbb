"""All that the machine's rules act on: clock, Graph, storage, two workers, and what happened so far."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from sandbox.graph import NotificationDelivery, Reply, StandIn
from sandbox.machine.admin import Admin
from sandbox.machine.graph_faults import DIRECTORY_FAULTS, fault
from sandbox.machine.groups import PilotGroup, ScopeHistory
from sandbox.machine.host import MessageHost
from sandbox.machine.judge import StoryJudge
from sandbox.machine.people import Organizers, OwnerAct
from sandbox.machine.record import DeliveryRecord, MeetingRecord, RuleHistory, TenantRules
from sandbox.machine.services import Account
from sandbox.machine.tokens import HANG, TokenEndpoint, TokenFault
from sandbox.machine.worker import TENANT, MachineWorker
from sandbox.serve import InProcess
from shared.domain.messages import EVENT_CHANGES, EventChange, Source

START = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
#: A call does not take longer; a process that waits for longer is finished first.
LONGEST_CALL = timedelta(seconds=20)
_SKEWS = (timedelta(0), timedelta(seconds=20))
#: The first run takes the rules. One of the others finds that a mailbox has left, the last lets it go.
_BETWEEN_MAINTENANCE = (timedelta(minutes=16), *[timedelta(hours=13, minutes=20)] * 2)
_MOST_TURNS = 5_000
#: the settle time of a notification, in two halves so that a worker may stand still meanwhile
_SETTLE = (timedelta(0), *[timedelta(seconds=10.5)] * 2)
_TICK = timedelta(seconds=20)
#: the one line of each message
_FINAL_LINES = frozenset({"event.decided", "task.finished"})
#: answers that prove what a write did
_CLEAR = frozenset({HTTPStatus.OK, HTTPStatus.PRECONDITION_FAILED})


class Town:
    """One run of the machine.

    Args:
        honors_if_match: whether Graph refuses a write that names another version.
        stale_for: how long Graph's reads may be behind.
        rules: the first rules.
    """

    def __init__(self, *, honors_if_match: bool, stale_for: timedelta, rules: TenantRules) -> None:
        self.now = START
        self.account = Account(lambda: self.now)
        self.rules = RuleHistory([(START, rules)])
        self.graph = StandIn(
            now=lambda: self.now, tenant_id=TENANT, post=self._post, record=False, stopwatch=lambda: 0.0
        )
        self.graph.honors_if_match = honors_if_match
        self.graph.stale_for = stale_for
        self.graph.delivery = NotificationDelivery(
            copies=(1, 2), shuffle=True, duplicate=0.2, lose=0.1, batch=1
        )
        self.people = Organizers(self.graph, lambda: self.now)
        self.group = PilotGroup(self.graph, self.people.users, lambda: self.now)
        self.scope = ScopeHistory(len(self.people.users))
        self.scope.note(START, rules, self.group.now)
        self.tokens = TokenEndpoint(self.graph)
        self.judge = StoryJudge(self)
        self.admin = Admin(self.account, InProcess(self.graph), lambda: self.now)
        self.workers = tuple(
            MachineWorker(
                number,
                skew=skew,
                account=self.account,
                graph=self.graph,
                tokens=self.tokens,
                rules=lambda: self.rules.now.text(self.group.id),
                settings=lambda: self.admin.settings,
                witness=self,
            )
            for number, skew in enumerate(_SKEWS)
        )
        self._running: MachineWorker | None = None
        #: what the owner does right before and right after the next PATCH
        self.before_patch: OwnerAct | None = None
        self.after_patch: OwnerAct | None = None
        #: Graph refuses all tokens from the next PATCH on
        self.revokes_at_patch = False
        self._host = MessageHost(self)
        self._turn = 0

    def start(self) -> None:
        """Subscribe the mailboxes."""
        self.maintain(self.workers[0])
        self.let_pass(_TICK)
        self.drain()

    def change_rules(self, rules: TenantRules) -> None:
        """Have an admin replace the rules."""
        self.rules.sets.append((self.now, rules))
        self.scope.note(self.now, rules, self.group.now)

    def change_group(self, person: int) -> None:
        """Have a person join the group, or leave it."""
        self.group.toggle(person)
        self.scope.note(self.now, self.rules.now, self.group.now)

    def revoke_tokens(self) -> None:
        """Have Graph refuse every token that it accepted so far."""
        self.judge.last_outage = self.now
        self.tokens.revoke_all()

    def fail_graph(self, name: str, count: int) -> None:
        """Let the next calls to Graph of a kind fail."""
        self.graph.faults.add(fault(name, count, lambda: self._note_fault(name)))

    def let_pass(self, time: timedelta) -> None:
        """Move the clock, and deliver what is due. A process does not stand still for longer than a call."""
        for worker in self.workers:
            if self.now + time - worker.waits_since > LONGEST_CALL:
                self.run(worker)
        self.now += time
        self.graph.deliver()

    def settle(self) -> None:
        """Deliver the notifications of what people did, and wait until their messages are visible."""
        for time in _SETTLE:
            self.let_pass(time)

    def run(self, worker: MachineWorker, steps: int | None = None) -> None:
        """Let a worker make some steps, or finish what it does; an idle one takes a message first."""
        if worker.job is None and not self._host.begin_next(worker):
            return
        self._running = worker
        try:
            if steps is None:
                worker.finish()
            else:
                worker.advance(steps)
        finally:
            self._running = None
        self.judge.check_so_far()

    def maintain(self, worker: MachineWorker) -> None:
        """Run the timer on a worker."""
        self.run_current(worker)
        worker.begin_maintenance()
        self.run_current(worker)

    def run_current(self, worker: MachineWorker) -> None:
        """Finish what a worker does, if it does something."""
        if worker.job:
            self.run(worker)

    def kill(self, worker: MachineWorker) -> None:
        """Kill a worker where it is. Its message returns when its lease ends."""
        delivery = worker.delivery if worker.job else None
        if delivery:
            delivery.was_killed = True
            self.judge.kills += 1
            self.judge.charges.left.append(self.now)
            self._doubt(delivery)
        worker.kill()
        if delivery:
            worker.delivery = None
            self.judge.check_delivery(delivery)
            self._host.give_again(delivery)

    def restart(self, worker: MachineWorker, *, is_braked: bool) -> None:
        """Restart a worker with or without the brake, once it has finished its message."""
        self.run_current(worker)
        worker.close()
        worker.start(is_braked=is_braked)

    def read_again(self, event: MeetingRecord) -> None:
        """Have an event read again, as a sweep does, which reads mailboxes in scope alone."""
        if event.now.is_gone or not self.scope.is_inside(event.owner):
            return
        mailbox = self.people.mailbox(event)
        change = EventChange(
            mailbox=mailbox, event=event.id, source=Source.SWEEP, received=self.now, trace="again"
        )
        self.account.queue(EVENT_CHANGES).send(change.encode())

    def calm_down(self) -> None:
        """End all faults, and let the product finish: messages, then sweeps, for more than a day."""
        storage = self.account.table_faults, self.account.queue_faults
        for faults in (self.graph.faults, *storage, self.tokens.faults):
            faults.clear()
        self.before_patch, self.after_patch, self.revokes_at_patch = None, None, False
        for worker in self.workers:
            self.run_current(worker)
            if worker.is_braked:  # others keep their caches, with what the faults left in them
                self.restart(worker, is_braked=False)
        began = self.now
        self.drain()
        self.judge.check_recovery(self._host.last_given - began)
        for time in _BETWEEN_MAINTENANCE:
            self.let_pass(time)
            self.maintain(self.workers[0])
            self.drain()
        self.judge.check_end()
        for is_further in (False, True):
            patches, hour = self.judge.patches, self.now.hour
            for event in self.people.events.values():
                self.read_again(event)
            self.drain()
            # The last sweep may have been in other windows, which had no room for all writes.
            if not self.rules.now.limits or (is_further and self.now.hour == hour):
                self.judge.check_pass(patches)
        self.judge.check_so_far()

    def drain(self, until: datetime | None = None) -> None:
        """Handle all messages, in the order of their times, until none is left or a time is reached."""
        for worker in self.workers:
            self.run_current(worker)
        for _ in range(_MOST_TURNS):
            self.graph.deliver()
            self._turn += 1
            self.run(self.workers[self._turn % 2])
            times = self._host.times
            if self.graph.undelivered:
                times.append(self.now + _TICK)
            if not times or (until and min(times) > until):
                self.now = max(self.now, until or self.now)
                return
            self.now = max(self.now, min(times))
        self.judge.note_unfinished()

    def close(self) -> None:
        """End all processes."""
        for worker in self.workers:
            worker.close()

    def note_line(self, line: Mapping[str, Any]) -> None:
        """Take a line that the product logged."""
        worker = self._running
        if worker and worker.delivery and line["event"] in _FINAL_LINES:
            worker.delivery.lines.append((str(line["outcome"]), str(line["reason"])))

    def saw_patch(
        self, worker: MachineWorker, event: str, send: Callable[[], httpx.Response]
    ) -> httpx.Response:
        """Send a PATCH of an event, and record its effect."""
        record = self.people.events[event]
        acts, self.before_patch, self.after_patch = (self.before_patch, self.after_patch), None, None
        if acts[0]:
            self.people.do(event, acts[0])
        if self.revokes_at_patch:
            self.revokes_at_patch = False
            self.revoke_tokens()
        before = record.now
        status = None
        try:
            answer = send()
            status = answer.status_code
            return answer
        finally:
            self.people.look(record)
            if status not in _CLEAR and worker.delivery:
                self._doubt(worker.delivery)
            self.judge.saw_patch(worker, record, before, status)
            if acts[1]:
                self.people.do(event, acts[1])

    def saw_fault(self, worker: MachineWorker, *, is_storage: bool) -> None:
        """Record that a call of a worker failed."""
        self.judge.faults += 1
        if is_storage:
            self.judge.charges.left.append(self.now)
        if worker.delivery:
            self._doubt(worker.delivery)

    def saw_token_fault(self, fault: TokenFault) -> None:
        """Record that a worker got no token, or none that Graph accepts. Time passes until it gives up."""
        self.judge.faults += 1
        self.judge.last_outage = self.now
        if fault is TokenFault.HANGS and all(
            self.now + HANG - other.waits_since <= LONGEST_CALL for other in self.workers if other.job
        ):
            self.now += HANG

    def _doubt(self, delivery: DeliveryRecord) -> None:
        if delivery.event:
            # The event may have changed before the PATCH, but not before the read that led to it.
            delivery.event.doubts += [delivery.began, self.now]

    def _note_fault(self, name: str) -> None:
        if name in DIRECTORY_FAULTS:
            self.judge.last_outage = self.now
        if self._running:
            self.saw_fault(self._running, is_storage=False)

    def _post(self, url: str, body: bytes, _headers: Mapping[str, str]) -> Reply:
        """Send Graph's POST to one of the workers in turn; answer a handshake at once."""
        if token := parse_qs(urlsplit(url).query).get("validationToken"):
            return Reply(200, "text/plain", token[0].encode())
        if self.admin.is_refused(url):
            return Reply(HTTPStatus.UNAUTHORIZED)
        self._turn += 1
        return self.workers[self._turn % 2].receive(body)
