"""The board: what has become of each meeting so far, and who sees it change."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.demo.contoso import Contoso, Meeting
from sandbox.demo.happenings import Happenings, Key, by_event, notices
from sandbox.demo.journal import Journal
from sandbox.demo.story import story
from sandbox.demo.watching import Watching, watching
from sandbox.stage import Stage
from shared.domain.decision import Outcome, Reason

PLANNED, QUEUED = "planned", "queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One meeting: `told` counts notifications, `looks` messages that read it, `calls` those to Graph."""

    planned_at: datetime
    meeting: Meeting
    told: int
    looks: int
    calls: int
    #: `planned`, `queued`, or an outcome
    outcome: str
    reason: str = ""
    #: until the next look, where the outcome is `delayed`
    again_in_seconds: float | None = None
    link: str | None = None

    @property
    def news(self) -> tuple[str, str]:
        """What is new where it differs from before."""
        return self.outcome, self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoreboard:
    """All rows at a moment, with what Graph has sent and got until then."""

    now: datetime
    title: str
    rows: tuple[Row, ...]
    watching: Watching
    #: calendars with a subscription in Graph
    watched: int
    notifications: int
    waiting: int
    calls: int
    patches: int


class Board:
    """Draws up the scoreboard from the record, anew at each look."""

    def __init__(self, stage: Stage, contoso: Contoso, journal: Journal) -> None:
        self._stage = stage
        self._contoso = contoso
        self._journal = journal
        self._planned: dict[Key, datetime] = {}
        self._links: dict[Key, tuple[int, str | None]] = {}

    def look(self, title: str) -> Scoreboard:
        """Return how things stand in the act with this title."""
        graph, now = self._stage.graph, self._stage.clock.now()
        calls, posts = graph.calls, graph.posts
        lines = self._journal.lines()
        happened = by_event(lines, calls, posts)
        return Scoreboard(
            now=now,
            title=title,
            rows=tuple(self._rows(happened, now)),
            watching=watching(lines, posts),
            watched=len({one.mailbox for _row, one in graph.subscriptions.active()}),
            notifications=len(notices(posts)),
            waiting=sum(self._stage.host.waiting().values()),
            calls=len(calls),
            patches=sum(call.method == "PATCH" for call in calls),
        )

    def _rows(self, happened: defaultdict[Key, Happenings], now: datetime) -> Iterable[Row]:
        for meeting in self._contoso.meetings:
            planned_at = self._planned.setdefault(meeting.key, now)
            yield self._row(meeting, planned_at, happened[meeting.key])

    def _row(self, meeting: Meeting, planned_at: datetime, so_far: Happenings) -> Row:
        outcome, reason, again_in_seconds = standing(so_far)
        return Row(
            planned_at=planned_at,
            meeting=meeting,
            told=len(so_far.notices),
            looks=sum(line["graph_calls"] > 0 for line in so_far.lines),
            calls=len(so_far.calls),
            outcome=outcome,
            reason=reason,
            again_in_seconds=again_in_seconds,
            link=self._link(meeting, len(so_far.lines)),
        )

    def _link(self, meeting: Meeting, told: int) -> str | None:
        """Return the provider of the link, read anew only after something was heard of the event."""
        before, link = self._links.get(meeting.key, (0, None))
        if told != before:
            link = self._contoso.link_of(meeting)
            self._links[meeting.key] = told, link
        return link


def standing(so_far: Happenings) -> tuple[str, str, float | None]:
    """Return outcome, reason and the seconds to the next look, as an onlooker would put it."""
    if ends := story(so_far.lines):
        return *ends[-1], None
    waits = [line for line in so_far.lines if _is_a_wait_of_its_own(line["outcome"], line["reason"])]
    if waits:
        return waits[-1]["outcome"], waits[-1]["reason"], waits[-1]["again_in_seconds"]
    return (QUEUED if so_far.notices else PLANNED), "", None


def news(before: Sequence[Row], after: Sequence[Row]) -> list[Row]:
    """Return the rows that stand otherwise than before; rows are only ever added at the end."""
    known = [row.news for row in before]
    return [row for n, row in enumerate(after) if n >= len(known) or row.news != known[n]]


def _is_a_wait_of_its_own(outcome: str, reason: str) -> bool:
    """Tell apart the waits that Graph imposes from copies that step aside for each other."""
    return outcome == Outcome.DELAYED and reason != Reason.MAILBOX_BUSY
