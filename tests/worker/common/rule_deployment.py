"""The app as rule files see it: files that change, a store for the last good ones, a clock, and processes."""

from datetime import UTC, datetime, timedelta

from shared.errors import StorageUnavailable
from shared.rule_files.loader import RuleFile
from shared.worker.common.policy_reloader import PolicyReloader

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GOOD = b"version: 1\nrules: [{id: a, mode: enforce, when: {attendees: 1}}]"
BETTER = b"version: 1\nrules: [{id: b, mode: enforce, when: {attendees: 2}}]"
BAD = b"version: 1\nrules: ]"


def files(folder: str = "rules", /, **contents: bytes) -> tuple[RuleFile, ...]:
    """Return the files of a folder, by their names."""
    return tuple(RuleFile(f"{folder}/{name}.yaml", content) for name, content in sorted(contents.items()))


class FakeRuleStore:
    """A `RuleStore` in memory, which may not answer or be damaged."""

    def __init__(self, *last_good: RuleFile) -> None:
        self.files = last_good
        self.is_down = False
        self.is_damaged = False
        self._seen: tuple[str, datetime] | None = None

    def read(self) -> tuple[RuleFile, ...]:
        self._connect()
        if self.is_damaged:
            raise StorageUnavailable("last-good-rules.json in container joinlink is damaged")
        return self.files

    def keep(self, files: tuple[RuleFile, ...]) -> None:
        self._connect()
        self.files, self.is_damaged = files, False

    def seen_since(self, rules: str, now: datetime) -> datetime:
        self._connect()
        if self._seen is None or self._seen[0] != rules:
            self._seen = (rules, now)
        return self._seen[1]

    def _connect(self) -> None:
        if self.is_down:
            raise StorageUnavailable("blob container joinlink is not available")


class Deployment:
    """A deployed app: a clock, rule files that can be changed or made unreadable, and processes."""

    def __init__(self, store: FakeRuleStore | None = None, **contents: bytes) -> None:
        self.now = START
        self.files: tuple[RuleFile, ...] | None = files(**contents)
        self.store = store or FakeRuleStore()
        self.reads = 0

    def read(self) -> tuple[RuleFile, ...]:
        self.reads += 1
        if self.files is None:
            raise PermissionError(13, "Permission denied", "a/private/path")
        return self.files

    def put(self, **contents: bytes) -> None:
        """Replace all files with these."""
        self.files = files(**contents)

    def lock(self) -> None:
        """Make the files unreadable."""
        self.files = None

    def wait(self, time: timedelta = MINUTE) -> None:
        """Advance the clock."""
        self.now += time

    def process(self) -> "AppProcess":
        """Start a new process."""
        return AppProcess(PolicyReloader(self, self.store, lambda: self.now))


class AppProcess:
    """A process of the app."""

    def __init__(self, policies: PolicyReloader) -> None:
        self.policies = policies

    def rules(self) -> list[str] | None:
        """Return the ids of the rules in force; None if messages wait."""
        policy = self.policies.current()
        return None if policy is None else [rule.id for rule in policy.rules]
