"""The supported part of host.json, with the app settings that override it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

HOST_JSON = Path(__file__).resolve().parents[2] / "host.json"
OVERRIDE = "AzureFunctionsJobHost__"
"""`AzureFunctionsJobHost__extensions__queues__batchSize=1` overrides the same key in host.json."""


@dataclass(frozen=True)
class HostConfig:
    """The values in host.json, or the real host's defaults.

    Attributes:
        batch_size: how many messages are fetched in one request.
        new_batch_threshold: the next batch is fetched when no more messages than this are in progress, so
            at most `batch_size + new_batch_threshold` run concurrently.
        max_dequeue_count: attempts before a message goes to the poison queue.
        visibility_timeout: how long a failed message stays hidden; independent of the lease.
        base64: whether message texts are base64.
        route_prefix: the first part of every HTTP route.
        function_timeout: how long a call may take; None for no limit.
    """

    batch_size: int
    new_batch_threshold: int
    max_dequeue_count: int
    visibility_timeout: timedelta
    base64: bool
    route_prefix: str
    function_timeout: timedelta | None


def read_config(host_json: Mapping[str, Any] | None, settings: Mapping[str, str]) -> HostConfig:
    """Read a parsed host.json, or the repository's own if None; `settings` are the app settings."""
    if host_json is None:
        host_json = json.loads(HOST_JSON.read_text())
        assert host_json is not None
    queues, http = _section("queues", host_json, settings), _section("http", host_json, settings)
    batch_size = int(queues.get("batchSize", 16))
    return HostConfig(
        batch_size=batch_size,
        new_batch_threshold=int(queues.get("newBatchThreshold", batch_size // 2)),
        max_dequeue_count=int(queues.get("maxDequeueCount", 5)),
        visibility_timeout=_time_span(queues.get("visibilityTimeout", "00:00:00")),
        base64=queues.get("messageEncoding", "base64").lower() == "base64",
        route_prefix=http.get("routePrefix", "api").strip("/"),
        function_timeout=_timeout(
            settings.get(f"{OVERRIDE}functionTimeout") or host_json.get("functionTimeout", "00:30:00")
        ),
    )


def _section(name: str, host_json: Mapping[str, Any], settings: Mapping[str, str]) -> dict[str, Any]:
    prefix = f"{OVERRIDE}extensions__{name}__"
    overrides = {key.removeprefix(prefix): value for key, value in settings.items() if key.startswith(prefix)}
    return {**host_json.get("extensions", {}).get(name, {}), **overrides}


def _timeout(text: str) -> timedelta | None:
    return None if text == "-1" else _time_span(text)


def _time_span(text: str) -> timedelta:
    hours, minutes, seconds = (float(part) for part in text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def thread_count(settings: Mapping[str, str]) -> int:
    """Return how many plain functions Microsoft's worker runs concurrently: the setting or its default."""
    default = min(32, (os.cpu_count() or 1) + 4)
    return int(settings.get("PYTHON_THREADPOOL_THREAD_COUNT", default))
