"""Reads the day's record: log lines, Joinlink's calls and Graph's notifications, by event. Pure."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.demo.journal import Line
from sandbox.demo.texts import Ending
from sandbox.graph import Exchange
from shared.domain.decision import Outcome, Reason
from shared.domain.messages import Source, TaskReason

Key = tuple[str, str]
"""Mailbox and event id."""

_FOUND_ONLINE: Ending = (Outcome.SKIPPED, Reason.ALREADY_ONLINE)


@dataclass(slots=True)
class EventRecord:
    """What was recorded about one event, each list in order."""

    lines: list[Line] = field(default_factory=list)
    calls: list[Exchange] = field(default_factory=list)
    notifications: int = 0

    @property
    def patches(self) -> list[Exchange]:
        """The write calls."""
        return [call for call in self.calls if call.method == "PATCH"]

    @property
    def writes(self) -> int:
        """How many PATCHes took effect in Graph, whether or not the answer arrived."""
        return sum(call.took_effect for call in self.patches)

    @property
    def endings(self) -> tuple[Ending, ...]:
        """The final outcomes in order, without echoes; a repeated outcome counts once."""
        marked = zip(self.lines, echoes(self.lines), strict=True)
        steps = (ending(line) for line, is_echo in marked if is_final(line) and not is_echo)
        return tuple(step for step, _ in groupby(steps))


def ending(line: Line) -> Ending:
    """Return the outcome and the reason of a line."""
    return line["outcome"], line["reason"]


def is_final(line: Line) -> bool:
    """Return whether a line has a final outcome: neither delayed nor superseded."""
    return line["outcome"] not in {Outcome.DELAYED, Outcome.SUPERSEDED}


def echoes(lines: Sequence[Line]) -> list[bool]:
    """Return for each line of an event whether it is an echo: it only finds an event online after a decision.

    Graph notifies Joinlink of Joinlink's own write, for the organizer's copy and those of the attendees.
    """
    first = next((n for n, line in enumerate(lines) if is_final(line)), len(lines))
    return [n > first and ending(line) == _FOUND_ONLINE for n, line in enumerate(lines)]


def by_event(
    lines: Iterable[Line], calls: Iterable[Exchange], posts: Iterable[Exchange]
) -> defaultdict[Key, EventRecord]:
    """Sort the record by event; `posts` are Graph's own.

    What a sweep reads of an event counts as a call of the sweep's task.
    """
    events: defaultdict[Key, EventRecord] = defaultdict(EventRecord)
    of_tasks: set[str] = set()
    for line in lines:
        if line["event"] == "event.decided":
            events[line["mailbox"], line["event_id"]].lines.append(line)
        if line["event"] == "task.finished":
            of_tasks.update(line["graph_request_ids"])
    for call in calls:
        if call.event and request_id(call) not in of_tasks:
            events[call.mailbox, call.event].calls.append(call)
    for item in notifications(posts):
        _, mailbox, _, event = item["resource"].split("/")
        events[mailbox, event].notifications += 1
    return events


def notifications(posts: Iterable[Exchange]) -> list[dict[str, Any]]:
    """Return all change notifications in Graph's POSTs."""
    return [item for item in _items(posts) if "lifecycleEvent" not in item]


def reads_body(call: Exchange) -> bool:
    """Return whether a call reads an event with its body."""
    return "body" in dict(parse_qsl(urlsplit(call.url).query)).get("$select", "").split(",")


def lists_calendars(call: Exchange) -> bool:
    """Return whether a call reads the list of a mailbox's calendars."""
    return call.method == "GET" and call.path.endswith("/calendars")


def request_id(call: Exchange) -> str:
    """Return Graph's id of a call, "" if the answer was lost."""
    return call.response_headers.get("request-id", "")


def _items(posts: Iterable[Exchange]) -> Iterable[dict[str, Any]]:
    """Yield the notifications; a validation request has no body."""
    return (item for post in posts if post.request_body for item in json.loads(post.request_body)["value"])


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchCounts:
    """How Joinlink kept the calendars watched: counts of subscriptions, unless the comment differs."""

    created: int
    removed_by_graph: int
    reauthorizations: int
    created_again: int
    #: replaced because no notification came
    replaced: int
    renewed: int
    #: sweeps
    sweeps: int
    #: events that a sweep was the first to find
    found: frozenset[Key]
    #: events that Joinlink counts as missed by notifications
    missed: int
    #: mailboxes without a calendar at the last run of maintenance
    unusable: int


def watch_counts(lines: Sequence[Line], posts: Iterable[Exchange]) -> WatchCounts:
    """Count from the log lines and Graph's lifecycle notifications."""
    lifecycle = Counter(item.get("lifecycleEvent") for item in _items(posts))
    names = Counter(line["event"] for line in lines)
    subscribed = Counter(
        (line["how"], line["because"]) for line in lines if line["event"] == "mailbox.subscribed"
    )
    mailboxes = [line["mailboxes"] for line in lines if line["event"] == "maintenance.finished"]
    sources: dict[Key, str] = {}
    for line in lines:
        if line["event"] == "event.decided":
            sources.setdefault((line["mailbox"], line["event_id"]), line["source"])
    return WatchCounts(
        created=subscribed[Reason.SUBSCRIPTION_CREATED, TaskReason.NEW],
        removed_by_graph=lifecycle["subscriptionRemoved"],
        reauthorizations=lifecycle["reauthorizationRequired"],
        created_again=subscribed[Reason.SUBSCRIPTION_CREATED, TaskReason.SUBSCRIPTION_REMOVED],
        replaced=subscribed[Reason.SUBSCRIPTION_REPLACED, TaskReason.QUIET],
        renewed=names["mailbox.renewed"],
        sweeps=names["mailbox.swept"],
        found=frozenset(key for key, source in sources.items() if source == Source.SWEEP),
        missed=names["event.missed"],
        unusable=mailboxes[-1].get("unusable", 0) if mailboxes else 0,
    )
