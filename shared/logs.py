"""Logging: structlog over the standard library, one JSON object a line.

The cloud's host stands on the root logger with a handler of its own and forwards nothing but the message,
so all facts go into the message, and no handler of ours is added. Every name and key is described in
docs/logs.md, held to the code by a test.
"""

import logging
import traceback
from pathlib import PurePath

import structlog

from shared.log_line import render

_QUIET = ("azure", "httpx", "httpcore", "msal", "urllib3")
_FRAMES = 4


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
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def logger() -> structlog.stdlib.BoundLogger:
    """Return Joinlink's logger."""
    return structlog.stdlib.get_logger("joinlink")


def where(error: BaseException) -> list[str]:
    """Return the last places of an error's traceback, such as `client.py:61 send`.

    A foreign error's own text is left out of logs: it may hold an address, a subject or a URL with a key.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def place_of(error: BaseException) -> str:
    """Return an error's type and its last places, the innermost first."""
    return f"{type(error).__name__} at {' < '.join(reversed(where(error)))}"
