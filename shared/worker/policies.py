"""The policy in force: loaded once, looked at again every minute, taken whole or not at all."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from shared.logs import logger
from shared.rules.loader import Loaded, RuleFile, load_policy
from shared.rules.policy import Policy

LOOK_EVERY = timedelta(minutes=1)
_PROBLEMS_LOGGED = 20


class RuleSource(Protocol):
    """Where rule files come from."""

    def read(self) -> tuple[RuleFile, ...]:
        """Return the files as they are now; raises OSError where they can't be read."""


class Policies:
    """Keeps the last good policy; safe to share between threads."""

    def __init__(self, source: RuleSource, now: Callable[[], datetime]) -> None:
        self._source = source
        self._now = now
        self._lock = Lock()
        self._next_look: datetime | None = None
        self._files: tuple[RuleFile, ...] | None = None
        self._policy: Policy | None = None

    def current(self) -> Policy | None:
        """Return the policy in force, None as long as there has been no valid one."""
        with self._lock:
            now = self._now()
            if self._next_look is None or now >= self._next_look:
                self._next_look = now + LOOK_EVERY
                self._look()
            return self._policy

    def _look(self) -> None:
        try:
            files = self._source.read()
        except OSError as error:
            self._refused([f"the rule files can't be read: {error.strerror}"])
            return
        if files != self._files:
            self._files = files
            self._take(load_policy(files))

    def _take(self, loaded: Loaded) -> None:
        if loaded.policy is None:
            self._refused([str(problem) for problem in loaded.problems])
            return
        self._policy = loaded.policy
        logger().info(
            "rules.loaded",
            policy=loaded.policy.hash,
            rules=len(loaded.policy.rules),
            warnings=[str(problem) for problem in loaded.problems][:_PROBLEMS_LOGGED],
        )

    def _refused(self, problems: list[str]) -> None:
        logger().error(
            "rules.refused",
            problems=problems[:_PROBLEMS_LOGGED],
            problem_count=len(problems),
            policy=self._policy.hash if self._policy else None,
        )
