"""Checks the app's health: reads the facts, and shows the verdict on them.

The facts are a few small reads, made concurrently and within a time limit. None of them calls Graph.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.errors import JoinlinkError
from shared.storage.queue_metrics import QueueMetrics
from shared.storage.settings_fingerprint import SettingsFingerprint
from shared.worker.health.facts import (
    APP,
    HELD_EVENTS,
    MAINTENANCE,
    MEMORY,
    RULES,
    STOP,
    TOKEN,
    HealthFacts,
)
from shared.worker.health.verdict import problems, warnings
from shared.worker.mailboxes.coverage import Coverage

#: how long the reads may take
PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Health:
    """The verdict on the facts."""

    facts: HealthFacts
    problems: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """Whether there is nothing that an admin must fix."""
        return not self.problems

    def document(self) -> dict[str, Any]:
        """Return the health for JSON: times in ISO 8601, ages in seconds."""
        facts, run, rules = self.facts, self.facts.last_run, self.facts.rules
        return {
            "healthy": self.is_well,
            "version": facts.version,
            "brake": facts.brake,
            "checked": _iso(facts.now),
            "problems": list(self.problems),
            "warnings": list(self.warnings),
            "policy": rules
            and {
                "hash": rules.hash,
                "rules": rules.rules,
                "place": facts.rules_place or None,
                "since": _iso(rules.since),
                "age_seconds": _seconds(facts.now - rules.since if rules.since else None),
                "refused": list(rules.problems),
            },
            "mailboxes": run
            and {
                "in_scope": run.scope,
                **{coverage.value: run.mailboxes.get(coverage, 0) for coverage in Coverage},
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
            "stopped": facts.is_stopped,
            "memory": facts.memory,
            "held_events": facts.held_events,
            "queues": {
                name: {"messages": gauge.messages, "oldest_seconds": _seconds(gauge.oldest)}
                for name, gauge in facts.queues.items()
            },
            "poison": {name: gauge.messages for name, gauge in facts.poison.items()},
        }


class Checkup:
    """Reads the facts.

    `readers` are functions by the name of what they read; none, if storage is unknown. `app` is what the app
    knows of itself; None if what it recorded must be read.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        app: SettingsFingerprint | None,
        settings_problems: tuple[str, ...],
        readers: Mapping[str, Callable[[], object]],
        queues: Mapping[str, Callable[[], QueueMetrics]],
        poison: Mapping[str, Callable[[], QueueMetrics]],
    ) -> None:
        self._now = now
        self._app = app
        self._settings_problems = settings_problems
        self._readers = readers
        self._queues = queues
        self._poison = poison

    def health(self) -> Health:
        """Return the health now. It raises nothing; a failed read is part of the result."""
        if not self._readers:  # the storage settings are wrong
            version = self._app.version if self._app else None
            facts = HealthFacts(now=self._now(), version=version, settings_problems=self._settings_problems)
            return Health(facts, facts.settings_problems, ())
        read, unread = _read({**self._readers, **self._queues, **self._poison})
        app: SettingsFingerprint | None = self._app or read.get(APP)
        facts = HealthFacts(
            now=self._now(),
            version=(app.version or None) if app else None,
            brake=app.report_only if app else None,
            rules_place=app.rules_place if app else "",
            settings_problems=self._settings_problems,
            rules=read.get(RULES),
            last_run=read.get(MAINTENANCE),
            memory=read.get(MEMORY),
            is_stopped=read.get(STOP, False),
            held_events=read.get(HELD_EVENTS),
            queues={name: read[name] for name in self._queues if name in read},
            poison={name: read[name] for name in self._poison if name in read},
            token_refused=read.get(TOKEN, ""),
            unread=unread,
        )
        return judge(facts)


def judge(facts: HealthFacts) -> Health:
    """Return the verdict on the facts."""
    return Health(facts, tuple(problems(facts)), tuple(warnings(facts)))


def _read(readers: Mapping[str, Callable[[], object]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Call all readers concurrently; return their results, and why the others failed."""
    pool = ThreadPoolExecutor(max(len(readers), 1), "health")
    futures: dict[str, Future[object]] = {name: pool.submit(read) for name, read in readers.items()}
    late = wait(futures.values(), PATIENCE.total_seconds()).not_done
    pool.shutdown(wait=False, cancel_futures=True)
    results: dict[str, Any] = {}
    failures: dict[str, str] = {}
    for name, future in futures.items():
        if future in late:
            failures[name] = f"no answer within {PATIENCE.total_seconds():.0f} s"
        elif error := future.exception():
            # The text of another library's error may contain people's data.
            failures[name] = str(error) if isinstance(error, JoinlinkError) else type(error).__name__
        else:
            results[name] = future.result()
    return results, failures


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _seconds(age: timedelta | None) -> int | None:
    return None if age is None else int(age.total_seconds())
