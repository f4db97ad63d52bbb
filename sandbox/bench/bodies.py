"""Measures the memory of a sweep in which every event depends on its body: 2,000 bodies of 100 KB.

It takes minutes. The search runs in a process of its own, and reads the stand-in Graph over HTTP.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sandbox.graph import StandIn
from sandbox.peak_memory import peak
from sandbox.serve import serve
from sandbox.simulate.product import SandboxTokens
from sandbox.simulate.table import MemoryTable
from sandbox.simulate.tenant import echo
from shared import logs
from shared.graph.client import Graph
from shared.graph.connection_pool import graph_http
from shared.graph.sender import Sender
from shared.rule_files.loader import RuleFile, load_policy
from shared.storage.meetings import MEETINGS, Meetings
from shared.worker.common.world import World
from shared.worker.events.calendar_pages import CalendarSearch
from shared.worker.events.calendar_search import CalendarSearcher
from shared.worker.events.directory_cache import DirectoryCache

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

EVENTS = 2_000
#: all imports included
BUDGET_BYTES = 120_000_000
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
_TENANT = "c0ffee00-0000-4000-8000-000000000001"
_GRAPH = "https://graph.microsoft.com"
_PARAGRAPH = (
    '<div style="margin:0">We go through <a href="https://www.contoso.com/a?b=c&amp;d=e">this</a>.</div>\r\n'
)
_BODY = {"contentType": "html", "content": _PARAGRAPH * (100_000 // len(_PARAGRAPH))}
_RULES = b"""
version: 1
internal_domains: [contoso.com]
rules: [{id: external, mode: enforce, when: {external_attendees: {at_least: 1}}}]
"""


@dataclass(frozen=True, slots=True)
class SweepOfBodies:
    """What such a sweep needed: `before` and `after` are peaks of memory, in bytes, with all imports."""

    events: int
    calls: int
    before: int
    after: int
    seconds: float


def sweep() -> SweepOfBodies:
    """Sweep a calendar with bodies in a separate process."""
    graph = StandIn(now=lambda: NOW, tenant_id=_TENANT, post=echo, record=False)
    mailbox = graph.add_user("Ada", "ada@contoso.com").id
    for n in range(EVENTS):
        start = NOW + timedelta(hours=1 + n // 2)
        graph.people.create(
            mailbox,
            subject=f"Meeting {n}",
            start={"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
            end={"dateTime": f"{start + timedelta(minutes=30):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
            attendees=[{"type": "required", "emailAddress": {"address": "bo@fabrikam.com"}}],
            body=_BODY,
        )
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    with serve(graph) as graph_url:
        process = context.Process(target=_search, args=(theirs, graph_url, mailbox))
        process.start()
        theirs.close()
        result: SweepOfBodies = ours.recv()
        process.join()
    return result


def _search(pipe: "Connection[Any, Any]", graph_url: str, mailbox: str) -> None:
    logs.configure("ERROR")
    os.environ["NO_PROXY"] = "127.0.0.1"
    policy = load_policy([RuleFile("bench.yaml", _RULES)]).policy
    assert policy is not None
    http = graph_http(graph_url)
    graph = Graph(Sender(http, SandboxTokens(http), _GRAPH, lambda: NOW))
    searcher = CalendarSearcher(
        world=World(now=lambda: NOW),
        directory=DirectoryCache(lambda: graph, lambda: NOW),
        meetings=Meetings(MemoryTable(MEETINGS, lambda: NOW).connect()),
        report_only=False,
    )
    search = CalendarSearch(mailbox=mailbox, start=NOW, until=NOW + timedelta(days=60), policy=policy)
    before, began = peak(), perf_counter()
    events = sum(1 for _found in searcher.search(search, graph))
    pipe.send(SweepOfBodies(events, graph.tally.calls, before, peak(), perf_counter() - began))
