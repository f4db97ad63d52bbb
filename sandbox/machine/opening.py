"""Opens a town: while it is open, the product's lines and deadlines belong to it."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from unittest import mock

from sandbox.machine.record import TenantRules
from sandbox.machine.town import Town
from shared import deadline, logs


class _Lines(logging.Handler):
    """Passes the product's lines to a town."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self._town = town

    def emit(self, record: logging.LogRecord) -> None:
        self._town.note_line(json.loads(record.getMessage()))


@contextmanager
def open_town(
    *, honors_if_match: bool = True, stale_for: timedelta = timedelta(0), rules: TenantRules | None = None
) -> Iterator[Town]:
    """Yield a new town. While it is open, the product's lines and deadlines belong to it."""
    town = Town(honors_if_match=honors_if_match, stale_for=stale_for, rules=rules or TenantRules())
    product, lines = logging.getLogger("joinlink"), _Lines(town)
    clock = SimpleNamespace(monotonic=town.seconds)
    logs.configure("INFO")
    product.addHandler(lines)
    with (
        mock.patch.object(deadline, "time", clock),
        mock.patch.object(product, "propagate", new=False),
    ):
        try:
            town.start()
            yield town
        finally:
            town.close()
            product.removeHandler(lines)
