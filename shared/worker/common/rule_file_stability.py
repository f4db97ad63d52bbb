"""Tells whether changed rule files are complete, or somebody is still copying them.

A sync that deletes one file before it uploads another leaves a valid policy in between. That policy may add
links that the missing file forbids, and Joinlink can't remove a link. So changed files count when two checks,
a minute apart, have seen the same.
"""

from datetime import datetime, timedelta

from shared.errors import StorageUnavailable
from shared.rule_files.loader import rules_hash
from shared.worker.common.rule_ports import RuleStore

CHECK_INTERVAL = timedelta(minutes=1)


class RuleFileStability:
    """Remembers which files were seen last, and since when."""

    def __init__(self, store: RuleStore) -> None:
        self._store = store
        self._seen: str | None = None
        self._since: datetime | None = None

    def are_stable(self, files_hash: str, now: datetime) -> bool:
        """Return whether the files with this hash, which were read at `now`, are complete."""
        is_first_check = self._since is None
        # After the clock was set back, the time since then is unknown.
        if self._since is None or files_hash != self._seen or now < self._since:
            self._seen, self._since = files_hash, now
        if now - self._since >= CHECK_INTERVAL:
            return True
        return self._was_seen_by_others(files_hash, now, is_first_check=is_first_check)

    def _was_seen_by_others(self, files_hash: str, now: datetime, *, is_first_check: bool) -> bool:
        """Return whether another process has seen the same files before: this one may end after one check."""
        try:
            if now - self._store.seen_since(files_hash, now) >= CHECK_INTERVAL:
                return True
            last_good = self._store.read()
        except StorageUnavailable:
            return False  # logged when the files are stored; the next check of this process decides
        # The first rules of an installation don't wait: they can't be half of a change.
        return rules_hash(last_good) == files_hash if last_good else is_first_check
