"""The garbage collector, kept from looking for what is not there."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_builders = 0


@contextmanager
def collected_later() -> Iterator[None]:
    """Put garbage collection off while something large is built that holds no cycles.

    A collection walks all that lives, again and again while it grows, which takes half of the time that
    rules take to be read. Threads may build at once: the collector goes on when the last of them is done.
    """
    global _builders  # noqa: PLW0603 -- a process has one collector
    with _lock:
        _builders += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _builders -= 1
            if _builders == 0:
                # What was built is put among what lives long, without the walk that its number would set off.
                gc.freeze()
                gc.unfreeze()
                gc.enable()
