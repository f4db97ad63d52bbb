"""Is all well, and if not, what must a person do?

The facts are a handful of small reads, made at the same time and for so long at most; no call to Graph is
among them. The verdict is pure: `problems` need a person, `warnings` may pass by themselves.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.errors import JoinlinkError
from shared.storage.held_event_index import MOST_COUNTED
from shared.storage.mailboxes import CLOCKS_DIFFER
from shared.storage.maintenance_report import MaintenanceReport
from shared.storage.queue_metrics import QueueMetrics
from shared.worker.common.memory import MISSING_MEMORY, MemoryState
from shared.worker.health.rules_health import RulesInForce
from shared.worker.mailboxes.coverage import Coverage

#: Maintenance runs every quarter of an hour; one run may be in work while the next is due.
MAINTENANCE_LATE = timedelta(hours=1)
#: A tenant of 100,000 is subscribed within three hours; what takes longer does not end by itself.
UNFINISHED_LONG = timedelta(hours=6)
#: A message that could be taken and was not for so long: nobody works, or far too much is to be done.
MESSAGE_LATE = timedelta(hours=1)
#: Subscriptions live for a week and are renewed at half of it; whoever is so close to the end was missed.
EXPIRY_CLOSE = timedelta(hours=12)
PATIENCE = timedelta(seconds=20)

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))
_NOT_WATCHED = {
    Coverage.UNWATCHED: "in scope are not watched yet",
    Coverage.EXPIRED: "had a subscription that has ended; maintenance makes another",
    Coverage.UNCLEAR: "have a row that is left alone: see `unclear_row` in docs/decisions.md",
    Coverage.FORBIDDEN: "are closed to Joinlink: see permissions and application access policies",
}

RULES, MAINTENANCE, TOKEN = "rules", "maintenance", "token"
MEMORY, HELD_EVENTS = "the memory of past writes", "the list of held events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read; what could not be is missing, and `unread` says why, by the part's name."""

    now: datetime
    settings_problems: tuple[str, ...] = ()
    rules: RulesInForce | None = None
    last_run: MaintenanceReport | None = None
    #: whether the record of past writes is whole; None where that could not be read
    memory: MemoryState | None = None
    #: how many events are held for an admin, `MOST_COUNTED` at the most; None where that could not be read
    held_events: int | None = None
    queues: Mapping[str, QueueMetrics] = field(default_factory=dict)
    poison: Mapping[str, QueueMetrics] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    #: why the token service gives no token; empty where it does
    token_refused: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """The verdict on the facts."""

    facts: Facts
    problems: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """Whether nobody needs to do anything."""
        return not self.problems

    def document(self) -> dict[str, Any]:
        """Return the health as JSON has it: moments in ISO 8601, ages in seconds."""
        facts, run, rules = self.facts, self.facts.last_run, self.facts.rules
        return {
            "healthy": self.is_well,
            "checked": _iso(facts.now),
            "problems": list(self.problems),
            "warnings": list(self.warnings),
            "policy": rules
            and {
                "hash": rules.hash,
                "rules": rules.rules,
                "since": _iso(rules.since),
                "age_seconds": _seconds(facts.now - rules.since if rules.since else None),
                "refused": list(rules.problems),
            },
            "mailboxes": run
            and {
                "in_scope": run.scope,
                **{watch.value: run.mailboxes.get(watch, 0) for watch in Coverage},
                "soonest_expiry": _iso(run.soonest_expiry),
            },
            "maintenance": run
            and {
                "last": _iso(run.finished),
                "age_seconds": _seconds(run.age_at(facts.now)),
                "unfinished_since": _iso(run.unfinished_since),
                "doubts": list(run.doubts),
                "held": run.held,
                "confirm": run.held_hash or None,
            },
            "memory": facts.memory,
            "held_events": facts.held_events,
            "queues": {
                name: {"messages": gauge.messages, "oldest_seconds": _seconds(gauge.oldest)}
                for name, gauge in facts.queues.items()
            },
            "poison": {name: gauge.messages for name, gauge in facts.poison.items()},
        }


class Checkup:
    """Reads the facts by parts: each a name and what reads it."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        settings_problems: tuple[str, ...],
        parts: Mapping[str, Callable[[], object]],
        queues: Mapping[str, Callable[[], QueueMetrics]],
        poison: Mapping[str, Callable[[], QueueMetrics]],
    ) -> None:
        self._now = now
        self._settings_problems = settings_problems
        self._parts = parts
        self._queues = queues
        self._poison = poison

    def health(self) -> Health:
        """Return the health of now. Nothing is raised, whatever fails."""
        if not self._parts:  # not even the storage account is known
            facts = Facts(now=self._now(), settings_problems=self._settings_problems)
            return Health(facts, facts.settings_problems, ())
        read, unread = _read({**self._parts, **self._queues, **self._poison})
        facts = Facts(
            now=self._now(),
            settings_problems=self._settings_problems,
            rules=read.get(RULES),
            last_run=read.get(MAINTENANCE),
            memory=read.get(MEMORY),
            held_events=read.get(HELD_EVENTS),
            queues={name: read[name] for name in self._queues if name in read},
            poison={name: read[name] for name in self._poison if name in read},
            token_refused=read.get(TOKEN, ""),
            unread=unread,
        )
        return judge(facts)


def judge(facts: Facts) -> Health:
    """Return what the facts come to."""
    return Health(facts, tuple(_problems(facts)), tuple(_warnings(facts)))


def _read(parts: Mapping[str, Callable[[], object]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Read all parts at a time; return what came, and why the others did not."""
    pool = ThreadPoolExecutor(max(len(parts), 1), "health")
    asked: dict[str, Future[object]] = {name: pool.submit(part) for name, part in parts.items()}
    late = wait(asked.values(), PATIENCE.total_seconds()).not_done
    pool.shutdown(wait=False, cancel_futures=True)
    read: dict[str, Any] = {}
    unread: dict[str, str] = {}
    for name, future in asked.items():
        if future in late:
            unread[name] = f"no answer within {PATIENCE.total_seconds():.0f} s"
        elif error := future.exception():
            # A foreign error's text may hold what people wrote.
            unread[name] = str(error) if isinstance(error, JoinlinkError) else type(error).__name__
        else:
            read[name] = future.result()
    return read, unread


def _problems(facts: Facts) -> Iterator[str]:
    yield from facts.settings_problems
    if facts.token_refused:
        remedy = "renew the secret or certificate, or check the identity"
        yield f"Graph's token is refused: {remedy} ({facts.token_refused})"
    yield from (f"{name} can't be read: {why}" for name, why in facts.unread.items() if name != TOKEN)
    if facts.memory is MemoryState.MISSING:
        yield MISSING_MEMORY
    if facts.rules:
        yield from _rule_problems(facts.rules)
    for queue, gauge in facts.poison.items():
        if gauge.messages:
            messages = "1 message" if gauge.messages == 1 else f"{gauge.messages:,} messages"
            yield f"{queue} holds {messages}: joinlink replay shows why"
    for queue, gauge in facts.queues.items():
        if gauge.oldest and gauge.oldest > MESSAGE_LATE:
            yield f"{queue}: a message has been waiting for {ago(gauge.oldest)}: does the function app run?"
    if MAINTENANCE not in facts.unread:
        yield from _maintenance_problems(facts.last_run, facts.now)


def _rule_problems(rules: RulesInForce) -> Iterator[str]:
    if rules.hash is None:
        yield "no valid rules are in force, so events wait: joinlink validate shows what is wrong"
    if rules.problems:
        stays = f"policy {rules.hash} stays in force; " if rules.hash else ""
        yield f"the rule files are refused, {stays}the first problem: {rules.problems[0]}"


def _maintenance_problems(run: MaintenanceReport | None, now: datetime) -> Iterator[str]:
    if run is None:
        yield "maintenance has never come to its end: does the function app run, and does its timer?"
        return
    age = run.age_at(now)
    if age > MAINTENANCE_LATE:
        see = "see maintenance.failed and maintenance.skipped in the log"
        yield f"the last maintenance is {ago(age)} old: {see}"
    if run.finished > now + CLOCKS_DIFFER:
        yield (
            f"the last maintenance says that it ended at {run.finished:%Y-%m-%d %H:%M} UTC, which is in the"
            " future: set the clock of the machine that ran it, or of this one"
        )
    if run.unfinished_since and now - run.unfinished_since > UNFINISHED_LONG:
        yield (
            f"maintenance has not done all that is due for {ago(now - run.unfinished_since)}:"
            " see maintenance.finished in the log"
        )
    if run.held:
        yield (
            f"{run.held} mailboxes left the scope at once and are held: nothing is written to them, and their"
            " subscriptions stay until the same ones have been outside for a day. If the rules are wrong,"
            f" correct them; if all of them should leave: joinlink maintain --confirm {run.held_hash}"
        )
    if run.soonest_expiry and run.soonest_expiry - now < EXPIRY_CLOSE:
        yield (
            f"a subscription ends at {run.soonest_expiry:%Y-%m-%d %H:%M} UTC and was not renewed:"
            " see task.finished in the log"
        )


def _warnings(facts: Facts) -> Iterator[str]:
    if TOKEN in facts.unread:
        yield f"the token service does not answer: {facts.unread[TOKEN]}"
    if facts.held_events:
        yield (
            f"{events_held(facts.held_events)}: Graph did not confirm a write, so Joinlink does not write to"
            " them again; joinlink held lists them"
        )
    run = facts.last_run
    if run is None:
        return
    if run.scope is None:
        yield "the last maintenance could not tell who is in scope: see scope.doubted in the log"
    for doubt in run.doubts:
        yield f"nobody is unsubscribed for now: {doubt}"
    for watch, why in _NOT_WATCHED.items():
        if number := run.mailboxes.get(watch, 0):
            yield f"{number} of the mailboxes {why}"


def events_held(number: int) -> str:
    """Return how many events are held, in words: `1 event is held`, `100 or more events are held`."""
    if number == 1:
        return "1 event is held"
    return f"{number} {'or more ' if number >= MOST_COUNTED else ''}events are held"


def ago(age: timedelta) -> str:
    """Return an age as people say it: `40 s`, `12 min`, `5 h`, `3 d`."""
    seconds = max(age.total_seconds(), 0.0)
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= 2 * size), ("s", 1))
    return f"{seconds // size:.0f} {unit}"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _seconds(age: timedelta | None) -> int | None:
    return None if age is None else int(age.total_seconds())
