"""One call of a function, with what the host does around it: ids, log lines, a record of failures."""

import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import azure.functions as func

from sandbox.host.bindings import Function, HttpTrigger

Call = Callable[[Function, Any], Any]
"""Calls a function with its trigger's value; raises whatever it raised, or that it could not be called."""


@dataclass(frozen=True)
class Failure:
    """An exception that a function let out."""

    function: str
    error: Exception


class Invoker:
    """Calls functions. Safe to share between threads.

    Attributes:
        failures: the exceptions that functions let out, oldest first.
    """

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self._lock = threading.Lock()

    def call(self, function: Function, value: Any) -> Any:
        """Call the function with its trigger's value; log and record an exception before it goes on.

        Raises:
            Exception: whatever the function raised; a TypeError if it returned what it may not.
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
    """Refuse what Microsoft's worker refuses, or would turn into something that nobody meant."""
    if isinstance(function.trigger, HttpTrigger):
        if not isinstance(answer, func.HttpResponse):
            raise TypeError(f"{function.name} returned {type(answer).__name__}, not an HttpResponse")
    elif answer is not None:
        raise TypeError(f"{function.name} has no return binding and must return None")
