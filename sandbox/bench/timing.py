"""How long something takes: the best of a few rounds, so that other load on the machine matters less."""

from collections.abc import Callable
from time import perf_counter

_ROUNDS = 5
_ROUND_SECONDS = 0.3


def per_second(work: Callable[[], object]) -> float:
    """Return how many times a second `work` can run."""
    return 1 / seconds(work)


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    work()
    began = perf_counter()
    work()
    times = max(1, int(_ROUND_SECONDS / max(perf_counter() - began, 1e-9)))
    return min(_round(work, times) for _ in range(_ROUNDS))


def _round(work: Callable[[], object], times: int) -> float:
    began = perf_counter()
    for _ in range(times):
        work()
    return (perf_counter() - began) / times
