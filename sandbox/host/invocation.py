"""One call of a function, with its log lines and the record of failures."""

import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import azure.functions as func

from sandbox.host.bindings import Function, HttpTrigger

Call = Callable[[Function, Any], Any]
"""Calls a function with its trigger's value; raises what the function raises, or why the call failed."""


@dataclass(frozen=True)
class Failure:
    """An exception that a function raised."""

    function: str
    error: Exception


class Invoker:
    """Calls functions. Safe to share between threads.

    Attributes:
        failures: the exceptions that functions raised, oldest first.
    """

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self._lock = threading.Lock()

    def call(self, function: Function, value: Any) -> Any:
        """Call the function with its trigger's value; log, record and re-raise an exception.

        Raises:
            Exception: what the function raised; a TypeError if its return value is not allowed.
        """
        log = logging.getLogger(f"Function.{function.name}")
        invocation = uuid.uuid4()
        log.debug("Executing 'Functions.%s' (Id=%s)", function.name, invocation)
        try:
            answer = function.run(**{function.argument: value})
            _check(function, answer)
        except Exception as error:
            with self._lock:
                self.failures.append(Failure(function.name, error))
            log.exception("Executed 'Functions.%s' (Failed, Id=%s)", function.name, invocation)
            raise
        log.debug("Executed 'Functions.%s' (Succeeded, Id=%s)", function.name, invocation)
        return answer


def _check(function: Function, answer: Any) -> None:
    """Refuse return values that Microsoft's worker refuses or converts into something unexpected."""
    if isinstance(function.trigger, HttpTrigger):
        if not isinstance(answer, func.HttpResponse):
            raise TypeError(f"{function.name} returned {type(answer).__name__}, not an HttpResponse")
    elif answer is not None:
        raise TypeError(f"{function.name} has no return binding and must return None")
