"""The ports to rule files: what reads them, and what stores the last good ones."""

from datetime import datetime
from pathlib import Path
from typing import Protocol

from shared.errors import StorageUnavailable
from shared.rule_files.loader import RuleFile


class RuleSource(Protocol):
    """Reads the rule files."""

    def read(self) -> tuple[RuleFile, ...]:
        """Return the files as they are now. Raises OSError or StorageUnavailable."""


class RuleStore(Protocol):
    """Stores for all processes the last good files, and which files were seen last."""

    def read(self) -> tuple[RuleFile, ...]:
        """Return the last good files, none if none were stored. Raises StorageUnavailable."""

    def keep(self, files: tuple[RuleFile, ...]) -> None:
        """Store these as the last good files. Raises StorageUnavailable."""

    def seen_since(self, rules: str, now: datetime) -> datetime:
        """Return since when processes have seen only files with this hash; `now` if one has seen others.

        Raises:
            StorageUnavailable: it is not known.
        """


def read_problem(error: OSError | StorageUnavailable) -> str:
    """Return which file or folder can't be read, and why; without its path, which may be private."""
    if isinstance(error, OSError):
        return f"{Path(error.filename or '').name}: {error.strerror}"
    return str(error)
