"""Writes a report to a file that only this user can read."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import IO, Self

from cli.output import Refused, note


class ReportFile:
    """A file that appears whole or not at all. Entering tries the path, so that a wrong one fails at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        """Create a temporary file next to it, and delete it: the command may be killed before it writes.

        Raises:
            Refused: it can't be written.
        """
        if self._path.exists() and not self._path.is_file():
            raise Refused(f"{self._path} is not a file: name another path for the report")
        try:
            self.file = self._create()
        except OSError as error:
            raise Refused(f"{self._path} can't be written: {error.strerror}; name another path") from error
        self._delete()
        return self

    def write(self, pieces: Iterable[str]) -> None:
        """Write everything, and put the file in its place. Raises OSError."""
        self.file = self._create()
        self.file.writelines(pieces)
        self.file.close()
        Path(self.file.name).replace(self._path)
        note(f"{self._path} written; only you can read it")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._delete()

    def _create(self) -> IO[str]:
        """Create a file that has mode 0600."""
        return NamedTemporaryFile(
            "w", dir=self._path.parent, prefix=".joinlink-", encoding="utf-8", newline="", delete=False
        )

    def _delete(self) -> None:
        with suppress(OSError):  # the disk may still be full
            self.file.close()
        with suppress(OSError):  # it is in its place
            Path(self.file.name).unlink()
