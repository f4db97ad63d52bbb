"""Where something is in a file."""

from typing import NamedTuple, Protocol


class Positioned(Protocol):
    """What has a position in a file; both count from 1."""

    @property
    def line(self) -> int:
        """The line."""

    @property
    def column(self) -> int:
        """The column."""


class Position(NamedTuple):
    """A position in a file; both count from 1."""

    line: int
    column: int
