"""What the product complains about in its log while a block lasts."""

import json
import logging
from collections import Counter
from types import TracebackType
from typing import Self


class Complaints(logging.Handler):
    """Counts warnings and errors by name, in `counted`."""

    def __init__(self) -> None:
        super().__init__()
        self.counted = Counter[str]()
        self._logger = logging.getLogger("joinlink")

    def __enter__(self) -> Self:
        self._logger.addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Count a line."""
        self.counted[json.loads(record.getMessage())["event"]] += 1
