"""The configuration of a host process."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import azure.functions as func

Build = Callable[[Mapping[str, str], Callable[[], datetime]], func.FunctionApp]
"""Builds an app from its settings and a function that returns the aware UTC time."""


@dataclass(frozen=True, kw_only=True)
class HostSpec:
    """The configuration of a host.

    Attributes:
        app: `module:name` of a `Build`, which the worker's process imports.
        settings: the app settings; also in the environment of host and worker.
        clock: the file of a `SharedClock`.
        log: a file to which log lines are appended, one JSON object a line.
        port: the host's port on 127.0.0.1.
        function_key: the key of functions with auth level `function`.
        host_json: a parsed host.json; the repository's own if None.
        stop_seconds: the longest time for a stop, in real time; ten seconds on Azure.
    """

    app: str
    settings: Mapping[str, str]
    clock: str
    log: str
    port: int
    function_key: str
    host_json: Mapping[str, Any] | None = field(default=None)
    stop_seconds: float = 10

    def build(self, now: Callable[[], datetime]) -> func.FunctionApp:
        """Import the app's builder and build the app."""
        module, _, name = self.app.partition(":")
        build: Build = getattr(importlib.import_module(module), name)
        return build(self.settings, now)
