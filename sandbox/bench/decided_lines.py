"""Keeps the lines of handled messages, as the host does."""

import json
import logging
from collections import Counter


class DecidedLines(logging.Handler):
    """A handler of the product's log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        if '"event.decided"' in str(record.msg):
            self.lines.append(str(record.msg))

    def last_outcome(self) -> str:
        """Return how the last message ended."""
        return str(json.loads(self.lines[-1])["outcome"])

    def counted(self) -> Counter[str]:
        """Return how often each outcome came, with its reason."""
        lines = map(json.loads, self.lines)
        return Counter(f"{line['outcome']}/{line['reason']}" for line in lines)
