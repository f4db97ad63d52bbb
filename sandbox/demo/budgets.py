"""How many Graph calls Joinlink may use for one message or task, and how many it used. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from sandbox.demo.journal import Line
from sandbox.demo.record import EventRecord, echoes, lists_calendars, reads_body, request_id
from sandbox.graph import Exchange
from shared.domain.decision import Outcome, Reason
from shared.domain.messages import Source

ENABLED = "an enabled event"
SKIPPED = "a skipped event"
BODY = "a skipped event, body read too"
NO_PROVIDER = "a skipped event, body and calendar read too"
ECHO = "a notification of our own write"
COPY = "a copy of a handled message"
VERIFY = "checking for a late link"
SUBSCRIBED = "a new subscription"
REPLACED = "a replaced subscription"
RENEWED = "a renewed subscription"
SWEPT = "a sweep of one calendar, bodies not counted"
SWEPT_TWO = "a sweep of two calendars, bodies not counted"
LISTED = "a mailbox's list of calendars, in a day"

BUDGETS: Mapping[str, int] = {
    ENABLED: 4,
    SKIPPED: 1,
    BODY: 2,
    NO_PROVIDER: 3,
    ECHO: 1,
    COPY: 0,
    VERIFY: 1,
    SUBSCRIBED: 2,  # one to find out whether the mailbox is a room's
    REPLACED: 3,
    RENEWED: 1,
    SWEPT: 2,
    SWEPT_TWO: 3,
    LISTED: 1,
}

_OUTCOMES: Mapping[str, str] = {
    Outcome.SKIPPED: SKIPPED,
    Outcome.WOULD_ENABLE: SKIPPED,
    Outcome.SUPERSEDED: COPY,
    Outcome.ENABLED: ENABLED,
}
#: only with these may a skip need the body
_DECIDED_BY_BODY = frozenset({Reason.OTHER_JOIN_LINK, Reason.REPORT_MODE})
_TASKS: Mapping[str, str] = {
    Reason.SUBSCRIPTION_CREATED: SUBSCRIBED,
    Reason.SUBSCRIPTION_REPLACED: REPLACED,
    Reason.SUBSCRIPTION_EXTENDED: RENEWED,
    Reason.WINDOW_SEARCHED: SWEPT,
}


@dataclass(frozen=True, slots=True)
class CallBudget:
    """A budget of Graph calls for a kind of message: how many messages there were, the most calls of one."""

    kind: str
    allowed: int
    messages: int
    most: int

    @property
    def is_kept(self) -> bool:
        """Whether no message used more."""
        return self.most <= self.allowed


def check_budgets(
    events: Iterable[EventRecord],
    lines: Iterable[Line],
    calls: Sequence[Exchange],
    *,
    with_two_calendars: Collection[str],
) -> tuple[CallBudget, ...]:
    """Check all messages about events, and the tasks among the lines; some mailboxes have two calendars."""
    of_events = [one for event in events for one in calls_used(event)]
    of_tasks = calls_used_by_tasks(lines, calls, with_two_calendars=with_two_calendars)
    used = [*of_events, *of_tasks, *lists_read(calls)]
    counts = {kind: [calls for of_kind, calls in used if of_kind == kind] for kind in BUDGETS}
    return tuple(
        CallBudget(kind, allowed, len(counts[kind]), max(counts[kind], default=0))
        for kind, allowed in BUDGETS.items()
    )


def calls_used(event: EventRecord) -> list[tuple[str, int]]:
    """Return each message's kind and its number of calls; without those that waited or met a Graph error."""
    failed, with_body = _failed(event.calls), _with_body(event.calls)
    marked = zip(event.lines, echoes(event.lines), strict=True)
    kinds = ((_kind(line, with_body, is_echo=is_echo), line) for line, is_echo in marked)
    return [(kind, line["graph_calls"]) for kind, line in kinds if kind and not _met_error(line, failed)]


def calls_used_by_tasks(
    lines: Iterable[Line], calls: Sequence[Exchange], *, with_two_calendars: Collection[str] = ()
) -> list[tuple[str, int]]:
    """Return the same for each task about a mailbox, without the bodies and the list that a sweep read."""
    failed = _failed(calls)
    apart = _with_body(calls) | {request_id(call) for call in calls if lists_calendars(call)}
    tasks = [line for line in lines if line["event"] == "task.finished" and line["reason"] in _TASKS]
    return [
        (
            _task_kind(line, with_two_calendars),
            line["graph_calls"] - len(apart.intersection(line["graph_request_ids"])),
        )
        for line in tasks
        if not _met_error(line, failed)
    ]


def lists_read(calls: Iterable[Exchange]) -> list[tuple[str, int]]:
    """Return how often the list of a mailbox's calendars was read in a day, for each mailbox and day."""
    read = Counter((call.mailbox, call.started.date()) for call in calls if lists_calendars(call))
    return [(LISTED, times) for times in read.values()]


def errors(calls: Sequence[Exchange]) -> list[str]:
    """Return Graph's errors: the status of each failed call, `lost` for a lost answer."""
    return [
        "lost" if call.lost else str(call.status)
        for call in calls
        if call.lost or call.status >= HTTPStatus.BAD_REQUEST
    ]


def _kind(line: Line, with_body: set[str], *, is_echo: bool) -> str:
    if is_echo:
        return ECHO
    if line["reason"] in {Reason.NO_PROVIDER, Reason.PROVIDER_NOT_ALLOWED}:
        return NO_PROVIDER
    if line["source"] == Source.VERIFY or line["reason"] == Reason.LINK_CONFIRMED:
        return VERIFY
    if line["reason"] in _DECIDED_BY_BODY and not with_body.isdisjoint(line["graph_request_ids"]):
        return BODY
    return _OUTCOMES.get(line["outcome"], "")


def _task_kind(line: Line, with_two_calendars: Collection[str]) -> str:
    kind = _TASKS[line["reason"]]
    return SWEPT_TWO if kind == SWEPT and line["mailbox"] in with_two_calendars else kind


def _met_error(line: Line, failed: set[str]) -> bool:
    """Return whether a call of this message failed, or its answer was lost and so it has no request id."""
    ids = line["graph_request_ids"]
    return len(ids) != line["graph_calls"] or not failed.isdisjoint(ids)


def _with_body(calls: Iterable[Exchange]) -> set[str]:
    return {request_id(call) for call in calls if reads_body(call)}


def _failed(calls: Iterable[Exchange]) -> set[str]:
    return {request_id(call) for call in calls if call.status >= HTTPStatus.BAD_REQUEST}
