"""The rules as health reports them: which are in force, since when, and why new ones are refused."""

from dataclasses import dataclass
from datetime import datetime

from shared.errors import StorageUnavailable
from shared.rule_files.loader import RuleFile, load_policy
from shared.storage.last_good_rules import LastGoodRules
from shared.worker.common.rule_ports import RuleSource, read_problem


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesInForce:
    """The policy in force; `hash` is None if there is none, so that messages wait."""

    hash: str | None
    rules: int = 0
    #: since when, if the storage account has that
    since: datetime | None = None
    #: why new rules are refused
    problems: tuple[str, ...] = ()


def rules_in_force(source: RuleSource | None, last_good: LastGoodRules) -> RulesInForce:
    """Read the rule files, and the last good ones that the worker stored. Writes neither.

    `source` is None if the rule files are out of reach; then only the last good ones are reported.

    Raises:
        StorageUnavailable: the last good files can't be read.
    """
    stored = last_good.read()
    if source is None:
        return _of_last_good(stored, last_good, ())
    try:
        files = source.read()
    except (OSError, StorageUnavailable) as error:
        return _of_last_good(stored, last_good, (f"the rule files can't be read: {read_problem(error)}",))
    loaded = load_policy(files)
    if loaded.policy is None:
        return _of_last_good(stored, last_good, tuple(str(error) for error in loaded.errors))
    since = last_good.kept_at() if files == stored else None
    return RulesInForce(hash=loaded.policy.hash, rules=len(loaded.policy.rules), since=since)


def _of_last_good(
    files: tuple[RuleFile, ...], last_good: LastGoodRules, problems: tuple[str, ...]
) -> RulesInForce:
    policy = load_policy(files).policy
    if policy is None:
        return RulesInForce(hash=None, problems=problems)
    return RulesInForce(
        hash=policy.hash, rules=len(policy.rules), since=last_good.kept_at(), problems=problems
    )
