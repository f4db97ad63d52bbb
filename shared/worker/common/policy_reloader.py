"""Reloads the rule files every minute, and keeps the last good policy in force while they have errors."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from shared.errors import StorageUnavailable
from shared.logs import logger
from shared.rule_files.loader import LoadResult, RuleFile, load_policy, rules_hash
from shared.rules.policy import Policy
from shared.single_flight import PATIENCE, SingleFlight
from shared.version import VERSION
from shared.worker.common.rule_file_stability import CHECK_INTERVAL, RuleFileStability
from shared.worker.common.rule_ports import RuleSource, RuleStore, read_problem

#: A policy whose files were not confirmed for longer does not decide while other files are found.
_OUTDATED_AFTER = 2 * CHECK_INTERVAL
_MAX_PROBLEMS_LOGGED = 20


class _CheckTooSlow(Exception):
    """The rule files can't be read in time."""


@dataclass(frozen=True, slots=True)
class _PolicyState:
    """A policy, and what is known of its files.

    `confirmed_at` is when they were last found. `is_changing` means that others were found since, and that
    these may be incomplete.
    """

    policy: Policy | None = None
    confirmed_at: datetime | None = None
    is_changing: bool = False

    def in_force(self, now: datetime) -> Policy | None:
        """Return the policy that may decide now."""
        # A process that has just started or was idle doesn't know whether changed files are complete, nor
        # when its own were replaced. Either policy might add a wrong link, so messages wait for a check.
        return self.policy if self.is_recent(now) or not self.is_changing else None

    def is_recent(self, now: datetime) -> bool:
        """Return whether the policy's files were confirmed recently."""
        return self.confirmed_at is not None and now - self.confirmed_at <= _OUTDATED_AFTER


class PolicyReloader:
    """Keeps the policy in force up to date; threads may share it."""

    def __init__(self, source: RuleSource, store: RuleStore, now: Callable[[], datetime]) -> None:
        self._source = source
        self._store = store
        self._stability = RuleFileStability(store)
        self._now = now
        self._flight: SingleFlight[None] = SingleFlight(_CheckTooSlow, now, patience=PATIENCE)
        self._last_check: datetime | None = None
        #: the hash of the files that were loaded last, good or not
        self._loaded: str | None = None
        #: what the running check has found so far, and what the last complete check has left for all threads
        self._state = _PolicyState()
        self._shown = self._state
        #: the files in force, until they are stored
        self._not_stored: tuple[RuleFile, ...] = ()

    def current(self) -> Policy | None:
        """Return the policy in force; None if there is none, or it may be outdated: then messages wait.

        One thread checks the files for all. If there is a policy, the others don't wait for the check.
        """
        now = self._now()
        if self._is_due(now) and not (self._shown.policy and self._flight.is_running):
            with suppress(_CheckTooSlow):
                self._flight.fetch(self._check_if_due)
        return self._shown.in_force(self._now())

    def _is_due(self, now: datetime) -> bool:
        # After the clock was set back, don't wait until it has caught up.
        return self._last_check is None or not self._last_check <= now < self._last_check + CHECK_INTERVAL

    def _check_if_due(self) -> None:
        now = self._now()
        if not self._is_due(now):  # another thread's check has just ended
            return
        try:
            self._check(now)
        finally:
            self._shown = self._state
            self._last_check = now

    def _check(self, now: datetime) -> None:
        try:
            files = self._source.read()
        except (OSError, StorageUnavailable) as error:
            if not self._state.is_changing and not self._state.is_recent(now):
                self._use_last_good()
            self._log_refused([f"the rule files can't be read: {read_problem(error)}"], now)
        else:
            self._compare(files, now)
        if not self._state.is_changing:
            self._store_files()

    def _compare(self, files: tuple[RuleFile, ...], now: datetime) -> None:
        """Load the files if they are new and complete."""
        files_hash = rules_hash(files)
        are_stable = self._stability.are_stable(files_hash, now)
        is_changing = files_hash != self._loaded and not are_stable
        self._state = replace(self._state, is_changing=is_changing)
        if is_changing:
            self._log_changed(now)
            return
        self._state = replace(self._state, confirmed_at=now)
        if files_hash != self._loaded or self._state.policy is None:
            self._loaded = files_hash
            self._load(files, now)

    def _load(self, files: tuple[RuleFile, ...], now: datetime) -> None:
        loaded = load_policy(files, today=now.date())
        if loaded.policy is None:
            if self._state.policy is None:
                self._use_last_good()
            self._log_refused([str(error) for error in loaded.errors], now)
        else:
            self._use(loaded, kept=False)
            self._not_stored = files

    def _use_last_good(self) -> None:
        """Use the policy that was in force last in any process."""
        try:
            files = self._store.read()
        except StorageUnavailable as error:
            logger().warning("rules.keep_failed", detail=str(error))
            return
        if rules_hash(files) == _hash(self._state.policy):
            return
        loaded = load_policy(files)
        if loaded.policy is not None:
            self._use(loaded, kept=True)

    def _use(self, loaded: LoadResult, *, kept: bool) -> None:
        assert loaded.policy is not None
        self._state = replace(self._state, policy=loaded.policy)
        logger().info(
            "rules.loaded",
            version=VERSION,
            policy=loaded.policy.hash,
            rules=len(loaded.policy.rules),
            kept=kept,
            warnings=[str(problem) for problem in loaded.problems][:_MAX_PROBLEMS_LOGGED],
        )

    def _store_files(self) -> None:
        """Store the files in force; after a failure the next check tries again, or old rules could return."""
        if not self._not_stored:
            return
        try:
            self._store.keep(self._not_stored)
            self._not_stored = ()
        except StorageUnavailable as error:
            logger().warning("rules.keep_failed", detail=str(error))

    def _log_changed(self, now: datetime) -> None:
        policy = self._state.in_force(now)
        if policy is None:  # messages wait, so this must not last
            logger().warning("rules.changed", policy=None)
        else:
            logger().info("rules.changed", policy=policy.hash)

    def _log_refused(self, problems: list[str], now: datetime) -> None:
        logger().error(
            "rules.refused",
            problems=problems[:_MAX_PROBLEMS_LOGGED],
            problem_count=len(problems),
            policy=_hash(self._state.in_force(now)),
        )


def _hash(policy: Policy | None) -> str | None:
    return policy.hash if policy else None
