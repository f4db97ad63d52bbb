"""Logging: structlog over the standard library, one JSON object per line.

Azure's host has its own handler on the root logger and forwards only the message. So the message contains
all facts, and Joinlink adds no handler. docs/logs.md describes every name and key; a test compares it with
the code.
"""

import logging
import traceback
from pathlib import PurePath

import structlog

from shared.log_line import render

_QUIET_LIBRARIES = ("azure", "httpx", "httpcore", "msal", "urllib3")
_MAX_FRAMES = 4


def configure(level: str) -> None:
    """Set Joinlink's logger to `level` (DEBUG, INFO, WARNING or ERROR) and the libraries' to WARNING."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
            render,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.getLogger("joinlink").setLevel(level)
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


def logger() -> structlog.stdlib.BoundLogger:
    """Return Joinlink's logger."""
    return structlog.stdlib.get_logger("joinlink")


def place_of(error: BaseException) -> str:
    """Return an error's type and its innermost frames, such as `KeyError at client.py:61 send < …`.

    Logs leave out the text of other libraries' errors: it may contain an address, a subject or a URL with a
    key.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    places = [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
    return f"{type(error).__name__} at {' < '.join(places)}"
