"""The garbage collector, kept from looking for what is not there."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_builders = 0
_was_on = True


@contextmanager
def collected_later() -> Iterator[None]:
    """Put garbage collection off while something large is built that holds no cycles.

    A collection walks all that lives, again and again while it grows, which takes half of the time that
    rules take to be read. Threads may build at once: the collector goes on when the last of them is done.
    """
    global _builders, _was_on  # noqa: PLW0603 -- a process has one collector
    with _lock:
        _was_on = gc.isenabled() if _builders == 0 else _was_on
        _builders += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _builders -= 1
            if _builders == 0 and _was_on:
                if gc.get_freeze_count() == 0:
                    # What was built goes to what lives long, without the walk that its number would set off.
                    gc.freeze()
                    gc.unfreeze()
                gc.enable()
