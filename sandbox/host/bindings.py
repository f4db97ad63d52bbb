"""The triggers of a function app, read from the app's metadata, as the real host reads them."""

import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import azure.functions as func

_SETTING = re.compile(r"%(\w+)%")


class UnsupportedApp(Exception):
    """The app uses something that the real host refuses, or that this host does not support."""


@dataclass(frozen=True)
class HttpTrigger:
    """An HTTP function: `route` is without the prefix; empty `methods` means all."""

    route: str
    methods: frozenset[str]
    needs_key: bool


@dataclass(frozen=True)
class QueueTrigger:
    """A queue function: the queue's name and the storage account's connection string."""

    queue: str
    connection: str


@dataclass(frozen=True)
class TimerTrigger:
    """A timer function; `schedule` is an NCRONTAB expression in UTC."""

    schedule: str


Trigger = HttpTrigger | QueueTrigger | TimerTrigger


@dataclass(frozen=True)
class Function:
    """A function of the app: call `run` with the trigger's value as the argument named `argument`."""

    name: str
    argument: str
    run: Callable[..., Any]
    trigger: Trigger


def read_functions(app: func.FunctionApp, settings: Mapping[str, str]) -> list[Function]:
    """Read the functions of an app. An app can be read only once; its library refuses a second time.

    Args:
        app: the function app.
        settings: app settings, which `%NAME%` and `connection` refer to.

    Raises:
        UnsupportedApp: the message says which function and what is wrong with it.
    """
    return [_read_function(built, settings) for built in app.get_functions()]


def _read_function(built: Any, settings: Mapping[str, str]) -> Function:
    name, run = built.get_function_name(), built.get_user_function()
    bindings = [json.loads(binding) for binding in built.get_raw_bindings()]
    triggers = [binding for binding in bindings if binding["type"] in _TRIGGERS]
    others = {binding["type"] for binding in bindings} - {*_TRIGGERS, "http"}
    if others or len(triggers) != 1:
        raise UnsupportedApp(
            f"{name}: this host supports exactly one HTTP, queue or timer trigger, not {sorted(others)}."
        )
    if inspect.iscoroutinefunction(run):
        raise UnsupportedApp(f"{name}: this host supports plain functions, not `async def`.")
    trigger = triggers[0]
    if list(inspect.signature(run).parameters) != [trigger["name"]]:
        raise UnsupportedApp(f"{name}: its only argument must be called {trigger['name']}, like its binding.")
    try:
        return Function(name, trigger["name"], run, _TRIGGERS[trigger["type"]](name, trigger, settings))
    except KeyError as missing:
        raise UnsupportedApp(f"{name}: the app setting {missing} is missing.") from None


def _http(name: str, binding: dict[str, Any], _settings: Mapping[str, str]) -> HttpTrigger:
    if binding["authLevel"] == "ADMIN":
        raise UnsupportedApp(f"{name}: this host does not support auth level ADMIN; it has no master key.")
    methods = frozenset(binding.get("methods") or ())
    return HttpTrigger(binding.get("route") or name, methods, needs_key=binding["authLevel"] != "ANONYMOUS")


def _queue(_name: str, binding: dict[str, Any], settings: Mapping[str, str]) -> QueueTrigger:
    return QueueTrigger(_resolve(binding["queueName"], settings), settings[binding["connection"]])


def _timer(_name: str, binding: dict[str, Any], settings: Mapping[str, str]) -> TimerTrigger:
    return TimerTrigger(_resolve(binding["schedule"], settings))


_TRIGGERS: dict[str, Callable[[str, dict[str, Any], Mapping[str, str]], Trigger]] = {
    "httpTrigger": _http,
    "queueTrigger": _queue,
    "timerTrigger": _timer,
}


def _resolve(text: str, settings: Mapping[str, str]) -> str:
    return _SETTING.sub(lambda match: settings[match[1]], text)
