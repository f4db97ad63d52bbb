"""Fixtures for tests of the worker."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from shared import logs


@pytest.fixture
def log_lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """Return a function that returns the log lines so far, oldest first."""
    logs.configure("INFO")
    caplog.set_level(logging.INFO, "joinlink")
    return lambda: [json.loads(record.getMessage()) for record in caplog.records]
