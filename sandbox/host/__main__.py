"""Runs a host until SIGTERM or the end of standard input, whose first line is its `HostSpec` as JSON."""

import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.clock import SharedClock
from sandbox.host.bindings import UnsupportedApp
from sandbox.host.functions_host import FunctionsHost
from sandbox.host.host_spec import HostSpec
from sandbox.host.worker_process import WorkerDied

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from io import TextIOWrapper

    from sandbox.host.worker_messages import LogLine

READY = "ready"


class LogFileHandler(logging.Handler):
    """Writes log lines as JSON objects with `time`, `category`, `level` and `message`."""

    def __init__(self, file: "TextIOWrapper", now: "Callable[[], datetime]") -> None:
        super().__init__()
        self._file = file
        self._now = now

    def emit(self, record: logging.LogRecord) -> None:
        """Write a log line of the host."""
        self._write(record.name, record.levelname, self.format(record))

    def write_function_line(self, function: str, line: "LogLine") -> None:
        """Write a log line of a function, with the same category as in the real host."""
        self.acquire()
        try:
            self._write(f"Function.{function}.User", line.level, line.message)
        finally:
            self.release()

    def _write(self, category: str, level: str, message: str) -> None:
        entry = {"time": self._now().isoformat(), "category": category, "level": level, "message": message}
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()


def main() -> None:
    """Run the host, then end the process without waiting for threads."""
    spec = HostSpec(**json.loads(sys.stdin.buffer.readline()))
    with Path(spec.log).open("a", encoding="utf-8") as file:
        to_file = LogFileHandler(file, SharedClock(Path(spec.clock)).now)
        logging.getLogger().addHandler(to_file)
        try:
            host = FunctionsHost(spec, to_file.write_function_line)
        except (UnsupportedApp, WorkerDied) as error:
            sys.exit(str(error))
        signal.signal(signal.SIGTERM, lambda _signal, _frame: host.stop())
        threading.Thread(target=_end_with_our_parent, daemon=True).start()
        code = host.run(lambda: print(READY, flush=True))
    os._exit(code)


def _end_with_our_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
