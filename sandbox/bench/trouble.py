"""The webhook while storage has problems: how long Graph waits for an answer."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

from sandbox.azurite import Azurite
from sandbox.stage import Stage, stage
from sandbox.storage_proxy import StorageFault, storage_proxy

#: as many as Microsoft's worker may have
_THREADS = 40

#: description, fault, delay in seconds, number of POSTs at once, number of changes in each
_ROWS = (
    ("no problem", StorageFault.NONE, 0.0, 40, 1),
    ("no problem", StorageFault.NONE, 0.0, 10, 100),
    ("250 ms a send", StorageFault.SLOW, 0.25, 1, 100),
    ("250 ms a send", StorageFault.SLOW, 0.25, 40, 1),
    ("250 ms a send", StorageFault.SLOW, 0.25, 10, 100),
    ("no answer", StorageFault.SILENT, 0.0, 1, 1),
    ("no answer", StorageFault.SILENT, 0.0, 1, 100),
    ("no answer", StorageFault.SILENT, 0.0, 40, 1),
    ("an answer byte by byte", StorageFault.DRIPPING, 0.0, 1, 100),
    ("503 after 1.5 s", StorageFault.BUSY, 1.5, 1, 100),
)

Body = dict[str, object]


def rows(azurite: Azurite, rules: Path, notifications: Callable[[int], Body]) -> Iterator[tuple[str, ...]]:
    """Yield fault, number of POSTs, statuses, seconds to the last answer, and seconds to the handshake.

    `notifications` returns the body of a POST with a given number of changes.
    """
    logging.getLogger("joinlink").addHandler(logging.NullHandler())  # its refusals are expected
    with (
        storage_proxy(azurite.connection_string) as (line, connection_string),
        stage(azurite, rules, {"AzureWebJobsStorage": connection_string}) as everything,
    ):
        _posts(everything, 1, notifications(1))
        for what, trouble, seconds, posts, changes in _ROWS:
            line.set_fault(trouble, seconds)
            answers, handshake = _posts(everything, posts, notifications(changes))
            line.set_fault(StorageFault.NONE)
            _posts(everything, 1, notifications(1))  # until storage answers again
            statuses = ", ".join(
                f"{count} x {status}"
                for status, count in Counter(status for status, _took in answers).items()
            )
            last = max(took for _status, took in answers)
            yield what, f"{posts} of {changes}", statuses, f"{last:.2f}", f"{handshake:.2f}"


def _posts(everything: Stage, count: int, body: Body) -> tuple[list[tuple[int, float]], float]:
    began = perf_counter()

    def call(**request: Any) -> tuple[int, float]:
        with everything.host.client() as client:
            status = client.post("/api/notifications", **request).status_code
        return status, perf_counter() - began

    with ThreadPoolExecutor(_THREADS) as threads:
        posts = [threads.submit(call, json=body) for _ in range(count)]
        handshake = threads.submit(call, params={"validationToken": "x"})
        return [post.result() for post in posts], handshake.result()[1]
