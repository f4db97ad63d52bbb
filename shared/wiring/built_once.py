"""A property that is built on its first use, once for all threads."""

from collections.abc import Callable
from threading import RLock
from typing import Any, Generic, Self, TypeVar, overload

Built = TypeVar("Built")


class BuiltOnce(Generic[Built]):
    """Makes a method a property that calls it once and keeps the result. An exception is not kept.

    The standard library's `cached_property` takes no lock (https://docs.python.org/3/whatsnew/3.12.html), and
    the Functions host calls from many threads. Each property has a lock of its own, so the webhook does not
    wait while a part of the worker is built.
    """

    def __init__(self, build: Callable[[Any], Built]) -> None:
        self._build = build
        self.__doc__ = build.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self._lock_name = f"_lock_of_{name}"

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...

    @overload
    def __get__(self, owner: object, kind: type) -> Built: ...

    def __get__(self, owner: object | None, kind: type) -> Self | Built:
        if owner is None:
            return self
        values = vars(owner)
        with values.setdefault(self._lock_name, RLock()):
            if self._name not in values:
                values[self._name] = self._build(owner)
        built: Built = values[self._name]
        return built
