"""The messages between a host and its worker; sent pickled."""

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
    """Represent a function in the host's process.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("The function runs in the worker's process.")


class AppIndexed(NamedTuple):
    """The first message from the worker: the app's functions, which only the worker can run."""

    functions: list[Function]


class AppUnsupported(NamedTuple):
    """From the worker instead of `AppIndexed`: the app is not supported."""

    problem: str


class CallResult(NamedTuple):
    """From the worker: the return value of a call, or its exception as text."""

    id: str
    answer: Any
    error: str


class LogLine(NamedTuple):
    """From the worker: a log line; `id` is the call that the thread runs, or empty."""

    id: str
    logger: str
    level: str
    message: str
