"""The rules as health tells of them: what is in force, since when, and what keeps new ones out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.errors import StorageUnavailable
from shared.rule_files.loader import RuleFile, load_policy
from shared.worker.common.policies import RuleSource, unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesInForce:
    """`hash` is None where no policy is in force: then messages wait. `problems` keep new rules out."""

    hash: str | None
    rules: int = 0
    #: since when, as far as the storage account knows
    since: datetime | None = None
    problems: tuple[str, ...] = ()


class _Kept(Protocol):
    def read(self) -> tuple[RuleFile, ...]: ...

    def kept_at(self) -> datetime | None: ...


def rules_in_force(source: RuleSource | None, kept: _Kept) -> RulesInForce:
    """Read the files in place, and the last good ones that the worker kept; write neither.

    Without a source, because the files in place lie out of sight, only what the worker kept is told.

    Raises:
        StorageUnavailable: what was kept can't be read.
    """
    last_good = kept.read()
    if source is None:
        return _last_good(last_good, kept, ())
    try:
        files = source.read()
    except (OSError, StorageUnavailable) as error:
        return _last_good(last_good, kept, (f"the rule files can't be read: {unreadable(error)}",))
    loaded = load_policy(files)
    if loaded.policy is None:
        return _last_good(last_good, kept, tuple(str(error) for error in loaded.errors))
    since = kept.kept_at() if files == last_good else None
    return RulesInForce(hash=loaded.policy.hash, rules=len(loaded.policy.rules), since=since)


def _last_good(files: tuple[RuleFile, ...], kept: _Kept, problems: tuple[str, ...]) -> RulesInForce:
    policy = load_policy(files).policy
    if policy is None:
        return RulesInForce(hash=None, problems=problems)
    return RulesInForce(hash=policy.hash, rules=len(policy.rules), since=kept.kept_at(), problems=problems)
