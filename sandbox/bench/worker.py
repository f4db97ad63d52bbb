"""Counts what the worker needs for a message: calls to tables, queues and Graph, and CPU time.

The product's handler runs in this thread, on Azurite and the stand-in Graph. Only this thread's CPU time
counts, so the stand-in, Azurite and the host cost nothing here.
"""

import logging
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import thread_time
from typing import Any
from unittest import mock

import requests

from sandbox.azurite import Azurite
from sandbox.bench.decided_lines import DecidedLines
from sandbox.bench.worker_rules import write_rules
from sandbox.stage import Stage, stage
from shared import wiring
from shared.domain.messages import EventChange, Source
from shared.storage.answer_timeout import AnswerTimeoutAdapter

#: how many messages of each kind are handled; the first ones warm up and don't count
_MESSAGES = 40
_WARM_UP = 10
_GUEST = "bo@fabrikam.com"
_COLLEAGUE = "cy@contoso.com"


@dataclass(frozen=True, slots=True)
class MessageCost:
    """What one message of a kind needed: medians; `outcome` is what it ended as."""

    kind: str
    outcome: str
    tables: float
    queues: float
    graph: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class _MessageKind:
    """Changes of events, and whether each is handled once before."""

    kind: str
    changes: list[EventChange]
    is_repeated: bool = False


def costs(storage: Azurite) -> Iterator[MessageCost]:
    """Yield the cost of each kind of message."""
    for has_limits in (False, True):
        with TemporaryDirectory() as folder:
            rules = write_rules(Path(folder), has_limits=has_limits)
            with stage(storage, Path(rules)) as everything:
                cases = [_enabled(everything, "enabled, both limits" if has_limits else "enabled")]
                if not has_limits:
                    cases += _without_write(everything)
                yield from (_measure(case, everything) for case in cases)


def _enabled(everything: Stage, kind: str) -> _MessageKind:
    ada = everything.graph.add_user("Ada", "ada@contoso.com").id
    return _MessageKind(
        kind, [_change(everything, ada, _create(everything, ada, _GUEST)) for _ in range(_MESSAGES)]
    )


def _without_write(everything: Stage) -> list[_MessageKind]:
    graph = everything.graph
    dee = graph.add_user("Dee", "dee@contoso.com").id
    cy = graph.add_user("Cy", _COLLEAGUE).id
    inside = [_create(everything, dee, _COLLEAGUE) for _ in range(_MESSAGES)]
    copies = list(graph.mailboxes.of(cy).events)
    online = [_create(everything, dee, _GUEST, isOnlineMeeting=True) for _ in range(_MESSAGES)]
    skipped = [_change(everything, dee, event) for event in inside]
    return [
        _MessageKind("skipped, organizer's copy", skipped),
        _MessageKind("skipped, attendee's copy", [_change(everything, cy, event) for event in copies]),
        _MessageKind("already online", [_change(everything, dee, event) for event in online]),
        _MessageKind("superseded", skipped, is_repeated=True),
    ]


def _measure(case: _MessageKind, everything: Stage) -> MessageCost:
    seen = [_handle(change, everything, is_repeated=case.is_repeated) for change in case.changes]
    counted = seen[_WARM_UP:]

    def median(of: Callable[[_Seen], float]) -> float:
        return statistics.median(map(of, counted))

    return MessageCost(
        kind=case.kind,
        outcome=Counter(one.outcome for one in counted).most_common(1)[0][0],
        tables=median(lambda one: one.calls["table"]),
        queues=median(lambda one: one.calls["queue"]),
        graph=median(lambda one: one.graph),
        cpu_ms=median(lambda one: one.cpu_ms),
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    outcome: str
    calls: Counter[str]
    graph: int
    cpu_ms: float


def _handle(change: EventChange, everything: Stage, *, is_repeated: bool) -> _Seen:
    handle, body = wiring.joinlink().event_messages.handle, change.encode().encode()
    queued = everything.clock.now()
    taken = queued + timedelta(seconds=20)
    if is_repeated:
        handle(body, queued=queued, taken=taken)
    with _storage_calls() as calls, _decided_lines() as decided:
        before, began = len(everything.graph.calls), thread_time()
        handle(body, queued=queued, taken=taken)
        cpu = thread_time() - began
    return _Seen(decided.last_outcome(), calls, len(everything.graph.calls) - before, cpu * 1000)


@contextmanager
def _storage_calls() -> Iterator[Counter[str]]:
    """Count the calls to each storage service."""
    calls: Counter[str] = Counter()
    send = AnswerTimeoutAdapter.send

    def counted(
        adapter: AnswerTimeoutAdapter, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        # The SDK for tables asks for JSON, the one for queues for XML.
        accept = str(request.headers.get("Accept"))
        calls["table" if "json" in accept or "multipart" in accept else "queue"] += 1
        return send(adapter, request, *args, **options)

    with mock.patch.object(AnswerTimeoutAdapter, "send", counted):
        yield calls


@contextmanager
def _decided_lines() -> Iterator[DecidedLines]:
    handler, log = DecidedLines(), logging.getLogger("joinlink")
    log.addHandler(handler)
    try:
        yield handler
    finally:
        log.removeHandler(handler)


def _create(everything: Stage, mailbox: str, guest: str, **properties: Any) -> str:
    start = everything.clock.now() + timedelta(days=1)
    return everything.graph.people.create(
        mailbox,
        subject="Review",
        start={"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
        end={"dateTime": f"{start + timedelta(minutes=30):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
        attendees=[{"type": "required", "emailAddress": {"address": guest}}],
        **properties,
    )


def _change(everything: Stage, mailbox: str, event: str) -> EventChange:
    now = everything.clock.now()
    return EventChange(mailbox=mailbox, event=event, source=Source.NOTIFICATION, received=now, trace="bench")
