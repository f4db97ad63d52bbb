"""How many plain functions Microsoft's worker runs at once."""

import os
from collections.abc import Mapping


def thread_count(settings: Mapping[str, str]) -> int:
    """Return the number that the settings give, or the worker's default."""
    default = min(32, (os.cpu_count() or 1) + 4)
    return int(settings.get("PYTHON_THREADPOOL_THREAD_COUNT", default))
