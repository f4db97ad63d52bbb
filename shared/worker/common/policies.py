"""The policy in force: loaded once, looked at again every minute, taken whole or not at all."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from shared.errors import StorageUnavailable
from shared.logs import logger
from shared.rule_files.loader import LoadResult, RuleFile, load_policy, rules_hash
from shared.rules.policy import Policy
from shared.single_flight import PATIENCE, SingleFlight
from shared.version import VERSION
from shared.worker.common.rule_changes import LOOK_EVERY, Keeper, RuleChanges

#: no event is decided by rules that were replaced longer ago
_OUTDATED = 2 * LOOK_EVERY
_PROBLEMS_LOGGED = 20


class RuleSource(Protocol):
    """Where rule files come from."""

    def read(self) -> tuple[RuleFile, ...]:
        """Return the files as they are now; raises OSError or StorageUnavailable where they can't be read."""


def unreadable(error: OSError | StorageUnavailable) -> str:
    """Return which file or folder can't be read, and why; not where it lies."""
    if isinstance(error, OSError):
        return f"{Path(error.filename or '').name}: {error.strerror}"
    return str(error)


class _SlowRules(Exception):
    """The look at the rule files takes longer than anybody waits."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """A policy, when its files were last seen in their place, and whether others are taking it."""

    policy: Policy | None = None
    in_place: datetime | None = None
    is_changing: bool = False

    def in_force(self, now: datetime) -> Policy | None:
        """Return the policy that may decide now."""
        # A process that has just begun, or was idle, can't tell whether changed files are half of a sync, nor
        # how long ago those before were withdrawn. Either may write, so it waits for another look.
        return self.policy if self.is_sure(now) or not self.is_changing else None

    def is_sure(self, now: datetime) -> bool:
        """Whether the policy's files were seen lately."""
        return self.in_place is not None and now - self.in_place <= _OUTDATED


class Policies:
    """Keeps the last good policy; safe to share between threads."""

    def __init__(self, source: RuleSource, keeper: Keeper, now: Callable[[], datetime]) -> None:
        self._source = source
        self._keeper = keeper
        self._changes = RuleChanges(keeper)
        self._now = now
        self._flight: SingleFlight[None] = SingleFlight(_SlowRules, now, patience=PATIENCE)
        self._last_look: datetime | None = None
        #: what was judged last, by its hash
        self._judged: str | None = None
        #: what the look under way has found so far, and what the last one has left: all others go by that
        self._standing = _Standing()
        self._shown = self._standing
        self._unkept: tuple[RuleFile, ...] = ()

    def current(self) -> Policy | None:
        """Return the policy in force; None while there is none, or it may be outdated: then messages wait.

        One thread looks for all, and nobody waits for a look where there is a policy to go on with.
        """
        now = self._now()
        if self._is_due(now) and not (self._shown.policy and self._flight.is_running):
            with suppress(_SlowRules):
                self._flight.fetch(self._look_if_due)
        return self._shown.in_force(self._now())

    def _is_due(self, now: datetime) -> bool:
        # A clock that was set back must not keep us from looking until it has caught up.
        return self._last_look is None or not self._last_look <= now < self._last_look + LOOK_EVERY

    def _look_if_due(self) -> None:
        now = self._now()
        if not self._is_due(now):  # somebody else's look has just ended
            return
        try:
            self._look(now)
        finally:
            self._shown = self._standing
            self._last_look = now

    def _look(self, now: datetime) -> None:
        try:
            files = self._source.read()
        except (OSError, StorageUnavailable) as error:
            if not self._standing.is_changing and not self._standing.is_sure(now):
                self._recall()
            self._refuse([f"the rule files can't be read: {unreadable(error)}"], now)
        else:
            self._meet(files, now)
        if not self._standing.is_changing:
            self._keep()

    def _meet(self, files: tuple[RuleFile, ...], now: datetime) -> None:
        found = rules_hash(files)
        are_over = self._changes.are_over(found, now)
        is_changing = found != self._judged and not are_over
        self._standing = replace(self._standing, is_changing=is_changing)
        if is_changing:
            policy = self._standing.in_force(now)
            if policy is None:  # messages wait, which should not go on
                logger().warning("rules.changed", policy=None)
            else:
                logger().info("rules.changed", policy=policy.hash)
            return
        self._standing = replace(self._standing, in_place=now)
        if found != self._judged or self._standing.policy is None:
            self._judged = found
            self._judge(files, now)

    def _judge(self, files: tuple[RuleFile, ...], now: datetime) -> None:
        loaded = load_policy(files, today=now.date())
        if loaded.policy is None:
            if self._standing.policy is None:
                self._recall()
            self._refuse([str(error) for error in loaded.errors], now)
        else:
            self._take(loaded, kept=False)
            self._unkept = files

    def _refuse(self, problems: list[str], now: datetime) -> None:
        logger().error(
            "rules.refused",
            problems=problems[:_PROBLEMS_LOGGED],
            problem_count=len(problems),
            policy=_hash(self._standing.in_force(now)),
        )

    def _recall(self) -> None:
        """Take the policy that was in force last, whichever process took it."""
        try:
            files = self._keeper.read()
        except StorageUnavailable as error:
            logger().warning("rules.keep_failed", detail=str(error))
            return
        if rules_hash(files) == _hash(self._standing.policy):
            return
        loaded = load_policy(files)
        if loaded.policy is not None:
            self._take(loaded, kept=True)

    def _take(self, loaded: LoadResult, *, kept: bool) -> None:
        assert loaded.policy is not None
        self._standing = replace(self._standing, policy=loaded.policy)
        logger().info(
            "rules.loaded",
            version=VERSION,
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


def _hash(policy: Policy | None) -> str | None:
    return policy.hash if policy else None
