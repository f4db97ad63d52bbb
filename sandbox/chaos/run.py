"""Runs a plan: moves the clock, performs people's actions, has the hosts work, and returns the record."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.azurite import Azurite
from sandbox.chaos import storage_state
from sandbox.chaos.hosts import Hosts
from sandbox.chaos.plan import ChaosPlan, UserAction
from sandbox.chaos.record import ChaosRecord
from sandbox.chaos.state import ChaosState
from sandbox.graph import NotificationDelivery, Reply, StandIn
from sandbox.stage import TENANT, StageClock, empty

RULES = """version: 1
internal_domains: [contoso.com]
mailboxes: {include: all}
rules:
  - id: external
    mode: enforce
    when: {external_attendees: {at_least: 1}}
"""
#: while people create events, while they only change them, and in quiet time
_CREATING_STEP, _CHANGING_STEP, _QUIET_STEP = timedelta(seconds=20), timedelta(minutes=1), timedelta(hours=1)
#: until messages that were put back for a short time are visible again
_SHORT_RETRY = timedelta(minutes=2)
_TIMER_SECONDS, _AFTER_LAST_CREATION = 15 * 60, 10 * 60
#: Copies in separate POSTs, so that both hosts get a message about the same event.
_DELIVERY = NotificationDelivery(copies=(2, 3), shuffle=True, duplicate=0.2, lose=0.05, batch=2)

#: gets the share of the run that is done
Progress = Callable[[float], None]


def run(
    plan: ChaosPlan, azurite: Azurite, folder: Path, progress: Progress = lambda _share: None
) -> ChaosRecord:
    """Run a plan; write the rules, `log.jsonl` and `graph.har` into `folder`."""
    with chaos_run(plan, azurite, folder) as opened:
        _run_to_end(opened, progress)
        return opened.record()


@dataclass(frozen=True, slots=True)
class ChaosRun:
    """A run that is controlled step by step."""

    state: ChaosState
    hosts: Hosts
    storage: str
    folder: Path

    def work(self) -> None:
        """Deliver all due notifications, then have all hosts process the visible messages."""
        self.state.graph.deliver()
        self.hosts.drain()

    def record(self) -> ChaosRecord:
        """Return what happened so far."""
        state, storage = self.state, self.storage
        state.graph.write_har(self.folder / "graph.har")
        patches = (one.path for one in state.graph.calls if one.method == "PATCH" and one.took_effect)
        return ChaosRecord(
            plan=state.plan,
            entries=tuple(state.entries),
            ids=dict(state.ids),
            online={name: state.is_online(name) for name in state.ids},
            rows={str(row["RowKey"]): dict(row) for row in storage_state.rows(storage)},
            poison=tuple(storage_state.poison_messages(storage)),
            waiting=storage_state.waiting_messages(storage),
            lines=tuple(_read_lines(self.folder / "log.jsonl")),
            writes_at_graph=Counter(filter(None, map(state.meeting_at, patches))),
            stuck=tuple(self.hosts.stuck),
        )


@contextmanager
def chaos_run(plan: ChaosPlan, azurite: Azurite, folder: Path) -> Iterator[ChaosRun]:
    """Empty Azurite and prepare a stand-in Graph and the hosts of a plan."""
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "rules" / "chaos.yaml").write_text(RULES, encoding="utf-8")
    (folder / "log.jsonl").write_text("", encoding="utf-8")
    storage = azurite.connection_string
    empty(azurite)
    storage_state.create_queues(storage)
    clock = StageClock(azurite, ticks=True)

    def post(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return hosts.post(url, body, headers)

    graph = StandIn(now=clock.now, tenant_id=TENANT, seed=plan.seed, post=post)
    graph.delivery = _DELIVERY
    graph.stale_for = timedelta(seconds=plan.stale_for)
    state = ChaosState(plan, clock, graph)
    with ExitStack() as stack:
        stack.callback(clock.shared.remove)
        hosts = Hosts(state, storage, folder, stack)
        yield ChaosRun(state, hosts, storage, folder)


def _run_to_end(opened: ChaosRun, progress: Progress) -> None:
    """Run the active time in short steps, then the quiet time in long ones."""
    state, clock, plan = opened.state, opened.state.clock, opened.state.plan
    todo = sorted(
        ((action.at, meeting, action.action) for meeting in plan.meetings for action in meeting.actions),
        key=lambda one: one[0],
    )
    last_creation = max((at for at, _, action in todo if action is UserAction.CREATE), default=0)
    all_seconds = plan.active_seconds + plan.quiet_seconds
    next_timer = next_deletion = 0.0
    while (seconds := state.seconds()) < all_seconds:
        while todo and todo[0][0] <= seconds:
            _, meeting, action = todo.pop(0)
            if action is UserAction.CREATE:
                state.create(meeting)
            else:
                state.do(meeting.name, action)
        if plan.delete_rows_every and seconds >= next_deletion:
            next_deletion = seconds + plan.delete_rows_every
            storage_state.delete_rows(opened.storage, state.meetings)
        if seconds >= next_timer:
            next_timer = seconds + _TIMER_SECONDS
            opened.hosts.maintain()
        opened.work()
        progress(seconds / all_seconds)
        if seconds < plan.active_seconds:
            clock.advance(
                _CREATING_STEP if seconds < last_creation + _AFTER_LAST_CREATION else _CHANGING_STEP
            )
            continue
        clock.advance(_QUIET_STEP)
        opened.work()
        clock.advance(_SHORT_RETRY)


def _read_lines(log: Path) -> Iterator[dict[str, Any]]:
    """Yield the app's log lines without those that a kill cut off."""
    for text in log.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError):
            yield json.loads(text)
