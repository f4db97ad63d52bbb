"""The folder for the files of one run: two runs at the same time do not share one."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

_LOCK = ".lock"


@contextmanager
def run_folder(folder: Path) -> Iterator[Path]:
    """Yield the folder, created, or `<folder>-2` and so on if other runs use it; a killed run leaves it free.

    Raises:
        OSError: it can't be written.
    """
    for number in count(1):
        chosen = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        chosen.mkdir(parents=True, exist_ok=True)
        with (chosen / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield chosen
            return
