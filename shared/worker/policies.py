"""The policy in force: loaded once, looked at again every minute, taken whole or not at all."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Protocol

from shared.errors import StorageUnavailable
from shared.logs import logger
from shared.rules.loader import Loaded, RuleFile, load_policy
from shared.rules.policy import Policy

LOOK_EVERY = timedelta(minutes=1)
_PROBLEMS_LOGGED = 20


class RuleSource(Protocol):
    """Where rule files come from."""

    def read(self) -> tuple[RuleFile, ...]:
        """Return the files as they are now; raises OSError or StorageUnavailable where they can't be read."""


class Keeper(Protocol):
    """Where the last good files are kept beyond the life of a process; raises StorageUnavailable."""

    def read(self) -> tuple[RuleFile, ...]:
        """Return what was kept last, none if nothing was."""

    def keep(self, files: tuple[RuleFile, ...]) -> None:
        """Keep these instead, if they are others."""


def unreadable(error: OSError | StorageUnavailable) -> str:
    """Return which file or folder can't be read, and why; not where it lies."""
    if isinstance(error, OSError):
        return f"{Path(error.filename or '').name}: {error.strerror}"
    return str(error)


class Policies:
    """Keeps the last good policy; safe to share between threads."""

    def __init__(self, source: RuleSource, keeper: Keeper, now: Callable[[], datetime]) -> None:
        self._source = source
        self._keeper = keeper
        self._now = now
        self._lock = Lock()
        self._last_look: datetime | None = None
        self._files: tuple[RuleFile, ...] | None = None
        self._policy: Policy | None = None
        self._unkept: tuple[RuleFile, ...] = ()

    def current(self) -> Policy | None:
        """Return the policy in force, None as long as there has been no valid one."""
        with self._lock:
            now = self._now()
            # A clock that was set back must not keep us from looking until it has caught up.
            if self._last_look is None or not self._last_look <= now < self._last_look + LOOK_EVERY:
                self._last_look = now
                self._look()
            return self._policy

    def _look(self) -> None:
        try:
            files = self._source.read()
        except (OSError, StorageUnavailable) as error:
            self._refuse([f"the rule files can't be read: {unreadable(error)}"])
        else:
            if files != self._files or self._policy is None:
                self._judge(files)
        self._keep()

    def _judge(self, files: tuple[RuleFile, ...]) -> None:
        self._files = files
        loaded = load_policy(files, today=self._now().date())
        if loaded.policy is None:
            self._refuse([str(error) for error in loaded.errors])
        else:
            self._take(loaded, kept=False)
            self._unkept = files

    def _refuse(self, problems: list[str]) -> None:
        if self._policy is None:
            self._recall()
        logger().error(
            "rules.refused",
            problems=problems[:_PROBLEMS_LOGGED],
            problem_count=len(problems),
            policy=self._policy.hash if self._policy else None,
        )

    def _recall(self) -> None:
        """Take the policy that was in force before this process began."""
        try:
            files = self._keeper.read()
        except StorageUnavailable as error:
            logger().warning("rules.keep_failed", detail=str(error))
            return
        loaded = load_policy(files)
        if loaded.policy is not None:
            self._take(loaded, kept=True)

    def _take(self, loaded: Loaded, *, kept: bool) -> None:
        assert loaded.policy is not None
        self._policy = loaded.policy
        logger().info(
            "rules.loaded",
            policy=loaded.policy.hash,
            rules=len(loaded.policy.rules),
            kept=kept,
            warnings=[str(problem) for problem in loaded.problems][:_PROBLEMS_LOGGED],
        )

    def _keep(self) -> None:
        """Keep what was taken; where it fails, at a later look, or older rules would come back one day."""
        if not self._unkept:
            return
        try:
            self._keeper.keep(self._unkept)
            self._unkept = ()
        except StorageUnavailable as error:
            logger().warning("rules.keep_failed", detail=str(error))
