"""What happened, by event, from the record: log lines, the app's calls, Graph's notifications. Pure."""

import json
from collections import defaultdict
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
    """Sort the record by event; `posts` are Graph's own."""
    found: defaultdict[Key, Happenings] = defaultdict(Happenings)
    for line in lines:
        if line["event"] == "event.decided":
            found[line["mailbox"], line["event_id"]].lines.append(line)
    for call in calls:
        found[call.mailbox, call.event].calls.append(call)
    for notice in notices(posts):
        _, mailbox, _, event = notice["resource"].split("/")
        found[mailbox, event].notices.append(notice)
    return found


def notices(posts: Iterable[Exchange]) -> list[dict[str, Any]]:
    """Return all change notifications in Graph's POSTs; handshakes have none."""
    return [item for post in posts if post.request_body for item in json.loads(post.request_body)["value"]]
