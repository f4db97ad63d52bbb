"""What happened, by event, from the record: log lines, the app's calls, Graph's notifications. Pure."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.demo.journal import Line
from sandbox.graph import Exchange

Key = tuple[str, str]
"""Mailbox and event id."""


@dataclass(slots=True)
class Happenings:
    """What happened to one event, each list in the order of the record."""

    lines: list[Line] = field(default_factory=list)
    calls: list[Exchange] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)


def by_event(
    lines: Iterable[Line], calls: Iterable[Exchange], posts: Iterable[Exchange]
) -> defaultdict[Key, Happenings]:
    """Sort the record by event; `posts` are Graph's own.

    What a sweep reads of an event is the task's expense and not the event's.
    """
    found: defaultdict[Key, Happenings] = defaultdict(Happenings)
    of_tasks: set[str] = set()
    for line in lines:
        if line["event"] == "event.decided":
            found[line["mailbox"], line["event_id"]].lines.append(line)
        if line["event"] == "task.finished":
            of_tasks.update(line["graph_request_ids"])
    for call in calls:
        if call.event and request_id(call) not in of_tasks:
            found[call.mailbox, call.event].calls.append(call)
    for notice in notices(posts):
        _, mailbox, _, event = notice["resource"].split("/")
        found[mailbox, event].notices.append(notice)
    return found


def notices(posts: Iterable[Exchange]) -> list[dict[str, Any]]:
    """Return all change notifications in Graph's POSTs."""
    return [item for item in _items(posts) if "lifecycleEvent" not in item]


def lifecycle_events(posts: Iterable[Exchange]) -> Counter[str]:
    """Count what Graph's POSTs tell of subscriptions, by kind."""
    return Counter(item["lifecycleEvent"] for item in _items(posts) if "lifecycleEvent" in item)


def request_id(call: Exchange) -> str:
    """Return Graph's id of a call, "" where its answer never came."""
    return call.response_headers.get("request-id", "")


def _items(posts: Iterable[Exchange]) -> Iterable[dict[str, Any]]:
    """Yield what the POSTs hold; handshakes hold nothing."""
    return (item for post in posts if post.request_body for item in json.loads(post.request_body)["value"])
