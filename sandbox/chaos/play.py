"""Carries a plan out: moves the clock, lets people and faults act, has the hosts work, gathers the record."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sandbox.azurite import Azurite
from sandbox.chaos import remains
from sandbox.chaos.hosts import Hosts
from sandbox.chaos.plan import ChaosPlan, Happening, PlannedMeeting
from sandbox.chaos.process import DRAIN, MAINTAIN
from sandbox.chaos.record import ChaosRecord
from sandbox.chaos.scene import ChaosClock, ChaosScene
from sandbox.graph import NotificationDelivery, Reply, StandIn
from sandbox.stage import TENANT, empty

RULES = """version: 1
internal_domains: [contoso.com]
mailboxes: {include: all}
rules:
  - id: external
    mode: enforce
    when: {external_attendees: {at_least: 1}}
"""
#: while events are made, while they only live on, and when nobody does anything any more
_BUSY_STEP, _CALM_STEP, _QUIET_STEP = timedelta(seconds=20), timedelta(minutes=1), timedelta(hours=1)
#: until what was put back for a moment is visible again
_SOON = timedelta(minutes=2)
_TIMER_SECONDS, _CALM_AFTER_SECONDS = 15 * 60, 10 * 60
#: Copies in other POSTs, so that both hosts get a message for the same event.
_DELIVERY = NotificationDelivery(copies=(2, 3), shuffle=True, duplicate=0.2, lose=0.05, batch=2)

#: hears which share of the whole is done
Progress = Callable[[float], None]


def play(
    plan: ChaosPlan, azurite: Azurite, folder: Path, progress: Progress = lambda _share: None
) -> ChaosRecord:
    """Play a plan; files go into `folder`: rules, `log.jsonl` and `graph.har`."""
    with theatre(plan, azurite, folder) as opened:
        _Run(opened).to_the_end(progress)
        return opened.record()


@contextmanager
def theatre(plan: ChaosPlan, azurite: Azurite, folder: Path) -> "Iterator[Theatre]":
    """Open what a plan is played in: an emptied Azurite, a stand-in Graph and as many hosts as it wants."""
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "rules" / "chaos.yaml").write_text(RULES, encoding="utf-8")
    (folder / "log.jsonl").write_text("", encoding="utf-8")
    storage = azurite.connection_string
    empty(azurite)
    remains.create_queues(storage)
    clock, balancer = ChaosClock(azurite), _Balancer()
    graph = StandIn(now=clock.now, tenant_id=TENANT, seed=plan.seed, post=balancer.post)
    graph.delivery = _DELIVERY
    graph.stale_for = timedelta(seconds=plan.stale_for)
    scene = ChaosScene(plan, clock, graph)
    with ExitStack() as stack:
        balancer.hosts = Hosts(scene, storage, folder, stack)
        yield Theatre(scene, balancer.hosts, storage, folder)


@dataclass(frozen=True, slots=True)
class Theatre:
    """Where a plan is played, step by step."""

    scene: ChaosScene
    hosts: Hosts
    storage: str
    folder: Path

    def work(self) -> None:
        """Deliver what is due, then have all hosts work on what is visible."""
        self.scene.graph.deliver()
        self.hosts.work(DRAIN)

    def maintain(self) -> None:
        """Have one of the hosts run the timer."""
        self.hosts.work(MAINTAIN)

    def record(self) -> ChaosRecord:
        """Gather what happened so far."""
        scene, storage = self.scene, self.storage
        scene.graph.write_har(self.folder / "graph.har")
        carried_out = Counter(
            scene.meeting_of(call.path)
            for call in scene.graph.calls
            if call.method == "PATCH" and call.took_effect and scene.meeting_of(call.path)
        )
        return ChaosRecord(
            plan=scene.plan,
            entries=scene.chronicle.entries(),
            ids=dict(scene.ids),
            online={name: scene.is_online(name) for name in scene.ids},
            rows={str(row["RowKey"]): dict(row) for row in remains.rows(storage)},
            poison=tuple(remains.poison(storage)),
            waiting=remains.waiting(storage),
            lines=tuple(remains.lines(self.folder / "log.jsonl")),
            carried_out=carried_out,
            stuck=tuple(self.hosts.stuck),
        )


class _Balancer:
    """What Graph posts to: it is there before the hosts are."""

    hosts: Hosts

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        if "validationToken=" in url:
            return self.hosts.validate(url)
        return Reply(self.hosts.post(url, body, headers))


class _Run:
    """One play, from its first round to its last."""

    def __init__(self, opened: Theatre) -> None:
        self._opened = opened
        self._scene = scene = opened.scene
        self._todo = _todo(scene.plan)
        born = (meeting.happenings[0].at for meeting in scene.plan.meetings)
        self._calm = max(born, default=0) + _CALM_AFTER_SECONDS
        self._maintained = self._forgot = -float(_TIMER_SECONDS)

    def to_the_end(self, progress: Progress) -> None:
        """Play the busy time in small steps, then the quiet time in large ones."""
        plan, clock = self._scene.plan, self._scene.clock
        whole = plan.busy + plan.quiet
        while (seconds := self._scene.seconds()) < whole:
            self._happen(seconds)
            if seconds - self._maintained >= _TIMER_SECONDS:
                self._maintained = seconds
                self._opened.maintain()
            self._opened.work()
            progress(seconds / whole)
            if seconds < plan.busy:
                clock.advance(_BUSY_STEP if seconds < self._calm else _CALM_STEP)
                continue
            clock.advance(_QUIET_STEP)
            self._opened.work()
            clock.advance(_SOON)

    def _happen(self, seconds: float) -> None:
        while self._todo and self._todo[0][0] <= seconds:
            _at, meeting, happening = self._todo.pop(0)
            self._scene.play(meeting, happening)
        every = self._scene.plan.forgets_every
        if every and seconds - self._forgot >= every:
            self._forgot = seconds
            remains.forget(self._opened.storage, self._scene.row_keys())


def _todo(plan: ChaosPlan) -> list[tuple[int, PlannedMeeting, Happening]]:
    rows = [(one.at, meeting, one) for meeting in plan.meetings for one in meeting.happenings]
    return sorted(rows, key=lambda row: row[0])
