"""A position in a text file."""

from typing import NamedTuple, Protocol


class Positioned(Protocol):
    """Something with a position in a file; line and column count from 1."""

    @property
    def line(self) -> int:
        """The line."""

    @property
    def column(self) -> int:
        """The column."""


class Position(NamedTuple):
    """A position in a file; line and column count from 1."""

    line: int
    column: int
