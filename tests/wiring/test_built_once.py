from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from shared.wiring.built_once import BuiltOnce


class House:
    def __init__(self) -> None:
        self.built: list[str] = []
        self.go_on = Event()

    @BuiltOnce
    def slow(self) -> object:
        """A slow part."""
        self.built.append("slow")
        assert self.go_on.wait(10)
        return object()

    @BuiltOnce
    def quick(self) -> object:
        self.built.append("quick")
        return object()

    @BuiltOnce
    def failing(self) -> object:
        self.built.append("failing")
        raise ValueError("try again")


def test_many_threads_get_the_same_part() -> None:
    """It is built once, even if all ask at the same time."""
    house, together = House(), Barrier(8)
    house.go_on.set()

    def ask(_number: int) -> object:
        together.wait(10)
        return house.slow

    with ThreadPoolExecutor(8) as threads:
        parts = set(threads.map(ask, range(8)))

    assert len(parts) == 1
    assert house.built == ["slow"]


def test_a_part_does_not_wait_for_another() -> None:
    """The webhook answers Graph while the worker's parts are being built."""
    house = House()
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(lambda: house.slow)
        assert house.quick
        assert not slow.done()
        house.go_on.set()


def test_an_exception_is_not_kept() -> None:
    """A setting that was fixed counts at the next use."""
    house = House()
    for _ in range(2):
        with pytest.raises(ValueError, match="try again"):
            _ = house.failing

    assert house.built == ["failing", "failing"]


def test_it_keeps_the_docstring() -> None:
    """`help()` shows what a part is."""
    assert House.slow.__doc__ == "A slow part."
