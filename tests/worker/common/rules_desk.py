"""An admin's desk with rule files on it, and a shelf where the app keeps the last good ones."""

from datetime import UTC, datetime, timedelta

from shared.errors import StorageUnavailable
from shared.rule_files.loader import RuleFile
from shared.worker.common.policies import Policies

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GOOD = b"version: 1\nrules: [{id: a, mode: enforce, when: {attendees: 1}}]"
BETTER = b"version: 1\nrules: [{id: b, mode: enforce, when: {attendees: 2}}]"
BAD = b"version: 1\nrules: ]"


def files(folder: str = "rules", /, **contents: bytes) -> tuple[RuleFile, ...]:
    """Return the files of a folder by their names."""
    return tuple(RuleFile(f"{folder}/{name}.yaml", content) for name, content in sorted(contents.items()))


class Shelf:
    """Where the last good files are kept, for all processes; it may be out of reach, or what it holds damaged."""

    def __init__(self, *kept: RuleFile) -> None:
        self.files = kept
        self.is_broken = False
        self.is_damaged = False
        self._seen: tuple[str, datetime] | None = None

    def read(self) -> tuple[RuleFile, ...]:
        self._reach()
        if self.is_damaged:
            raise StorageUnavailable("last-good-rules.json in container joinlink is damaged")
        return self.files

    def keep(self, files: tuple[RuleFile, ...]) -> None:
        self._reach()
        self.files, self.is_damaged = files, False

    def seen_since(self, rules: str, now: datetime) -> datetime:
        self._reach()
        if self._seen is None or self._seen[0] != rules:
            self._seen = (rules, now)
        return self._seen[1]

    def _reach(self) -> None:
        if self.is_broken:
            raise StorageUnavailable("blob container joinlink did not answer as it should")


class Desk:
    """A clock, rule files that can be changed or made unreadable, and the app's processes that read them."""

    def __init__(self, shelf: Shelf | None = None, **contents: bytes) -> None:
        self.now = START
        self.files: tuple[RuleFile, ...] | None = files(**contents)
        self.shelf = shelf or Shelf()
        self.reads = 0

    def read(self) -> tuple[RuleFile, ...]:
        self.reads += 1
        if self.files is None:
            raise PermissionError(13, "Permission denied", "a/private/path")
        return self.files

    def put(self, **contents: bytes) -> None:
        """Put these files in the place of those that are there."""
        self.files = files(**contents)

    def lock(self) -> None:
        """Make the files unreadable."""
        self.files = None

    def wait(self, time: timedelta = MINUTE) -> None:
        """Let time pass."""
        self.now += time

    def process(self) -> "Process":
        """Begin a new process."""
        return Process(Policies(self, self.shelf, lambda: self.now))


class Process:
    """A process of the app, as its policy shows it."""

    def __init__(self, policies: Policies) -> None:
        self.policies = policies

    def rules(self) -> list[str] | None:
        """Return the ids of the rules in force; None where messages wait."""
        policy = self.policies.current()
        return None if policy is None else [rule.id for rule in policy.rules]
