"""The Graph calls that Joinlink may spend on one message or task, and whether it kept to it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from sandbox.demo.happenings import Happenings, request_id
from sandbox.demo.journal import Line
from sandbox.demo.story import echoes
from sandbox.graph import Exchange
from shared.domain.decision import Outcome, Reason
from shared.domain.messages import Source

LINK_ADDED = "an enabled event"
SKIPPED = "a skipped event"
NO_PROVIDER = "a skipped event whose calendar had to be asked"
ECHO = "the echo of a write"
COPY = "a copy of what was answered"
SECOND_LOOK = "the second look for a late link"
SUBSCRIBED = "a new subscription"
REPLACED = "a subscription in another's place"
RENEWED = "a subscription renewed"
SWEPT = "a sweep of one page"

BUDGETS: Mapping[str, int] = {
    LINK_ADDED: 3,
    SKIPPED: 1,
    NO_PROVIDER: 2,
    ECHO: 1,
    COPY: 0,
    SECOND_LOOK: 1,
    SUBSCRIBED: 2,  # whether it is a room's mailbox is asked first
    REPLACED: 3,
    RENEWED: 1,
    SWEPT: 2,
}

_ASKED_CALENDAR = frozenset({Reason.NO_PROVIDER, Reason.PROVIDER_NOT_ALLOWED})
_KINDS: Mapping[str, str] = {
    Outcome.SKIPPED: SKIPPED,
    Outcome.WOULD_ENABLE: SKIPPED,
    Outcome.SUPERSEDED: COPY,
    Outcome.ENABLED: LINK_ADDED,
}
_TASKS: Mapping[str, str] = {
    Reason.SUBSCRIPTION_CREATED: SUBSCRIBED,
    Reason.SUBSCRIPTION_REPLACED: REPLACED,
    Reason.SUBSCRIPTION_EXTENDED: RENEWED,
    Reason.WINDOW_SEARCHED: SWEPT,
}


@dataclass(frozen=True, slots=True)
class Spent:
    """The calls of one message: of which kind ("" for waits and trouble, which have no budget), how many."""

    kind: str
    calls: int

    @property
    def is_within(self) -> bool:
        """Whether the budget was kept."""
        return not self.kind or self.calls <= BUDGETS[self.kind]


def spent(happened: Happenings) -> list[Spent]:
    """Return what each message about an event spent."""
    refused = _refused(happened.calls)
    told = zip(happened.lines, echoes(happened.lines), strict=True)
    return [
        Spent("" if _met_trouble(line, refused) else _kind(line, is_echo=echo), line["graph_calls"])
        for line, echo in told
    ]


def spent_on_tasks(lines: Iterable[Line], calls: Iterable[Exchange]) -> list[Spent]:
    """Return what each task about a mailbox spent."""
    refused = _refused(calls)
    return [
        Spent("" if _met_trouble(line, refused) else _TASKS.get(line["reason"], ""), line["graph_calls"])
        for line in lines
        if line["event"] == "task.finished"
    ]


def troubles(calls: Iterable[Exchange]) -> list[str]:
    """Return what Graph made hard: the status of each refusal, `lost` for an answer that never came."""
    return [
        "lost" if call.lost else str(call.status)
        for call in calls
        if call.lost or call.status >= HTTPStatus.BAD_REQUEST
    ]


def most(spendings: Sequence[Spent], kind: str) -> int:
    """Return the most calls that a message of this kind spent."""
    return max((one.calls for one in spendings if one.kind == kind), default=0)


def _kind(line: Line, *, is_echo: bool) -> str:
    if is_echo:
        return ECHO
    if line["reason"] in _ASKED_CALENDAR:
        return NO_PROVIDER
    if line["source"] == Source.VERIFY or line["reason"] == Reason.LINK_CONFIRMED:
        return SECOND_LOOK
    return _KINDS.get(line["outcome"], "")


def _met_trouble(line: Line, refused: set[str]) -> bool:
    """Tell whether a call of this message was refused, or never answered and so has no request id."""
    ids = line["graph_request_ids"]
    return len(ids) != line["graph_calls"] or not refused.isdisjoint(ids)


def _refused(calls: Iterable[Exchange]) -> set[str]:
    return {request_id(call) for call in calls if call.status >= HTTPStatus.BAD_REQUEST}
