"""The messages between a host and its worker; sent pickled.

The host first sends its `HostSpec`; the worker answers with the app's functions, or with an `UnsupportedApp`.
"""

import copyreg
from types import MappingProxyType
from typing import Any, NamedTuple


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
