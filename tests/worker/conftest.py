"""What tests of the worker share."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from shared import logs


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """Return what returns the app's log lines, oldest first."""
    logs.configure("INFO")
    caplog.set_level(logging.INFO, "joinlink")
    return lambda: [json.loads(record.getMessage()) for record in caplog.records]
