"""What a host and its worker say to each other; sent pickled."""

import copyreg
from types import MappingProxyType
from typing import Any, NamedTuple

from sandbox.host.bindings import Function


def _read_only(items: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(items)


# A request's parameters are of this type, which pickle does not know.
copyreg.pickle(MappingProxyType, lambda items: (_read_only, (dict(items),)))


class CallRequest(NamedTuple):
    """To the worker: run this function with this pickled value."""

    id: str
    function: str
    value: bytes


def not_in_this_process(**_arguments: Any) -> None:
    """Stand for a function on the host's side.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("The function runs in the worker's process.")


class AppIndexed(NamedTuple):
    """From the worker, first: the app's functions, which can't be run on the host's side."""

    functions: list[Function]


class AppUnsupported(NamedTuple):
    """From the worker, in place of `AppIndexed`: the app can't be played."""

    problem: str


class CallResult(NamedTuple):
    """From the worker: what a call returned, or the exception as text."""

    id: str
    answer: Any
    error: str


class LogLine(NamedTuple):
    """From the worker: a log line; `id` is that of the thread's call, or empty."""

    id: str
    logger: str
    level: str
    message: str
