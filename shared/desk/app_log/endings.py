"""How messages ended, counted: from lines of the log, or from rows that the workspace has counted. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.desk.app_log.logged_line import LoggedLine
from shared.domain.decision import Outcome

#: the lines that end a message: one about an event, or a task for a mailbox
DECIDED, FINISHED = "event.decided", "task.finished"
#: Outcomes, reasons and tasks are closed lists, but another program may have written the text.
_MOST_ENDINGS = 50_000
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Period:
    """From a time until another, which is not part of it; both aware UTC."""

    since: datetime
    until: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.since <= at < self.until


#: every time of a log
ALL_TIME = Period(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEnding:
    """One way in which messages ended on a day (UTC).

    `task` is empty for a message about an event. `rule` is the rule that decided, or for `would_enable` the
    rule that would; empty if none.
    """

    day: date
    task: str
    outcome: str
    reason: str
    rule: str


@dataclass(slots=True)
class EndingCounts:
    """How many messages ended in each way, and what could not be counted."""

    numbers: Counter[LoggedEnding] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None
    #: lines of text in which no line of Joinlink was found
    unread: int = 0

    def add(self, ending: LoggedEnding, number: int, first: datetime, last: datetime) -> None:
        """Add messages that ended in one way, between two times."""
        if ending not in self.numbers and len(self.numbers) >= _MOST_ENDINGS:
            self.unread += number
            return
        self.numbers[ending] += number
        self.first = min(self.first or first, first)
        self.last = max(self.last or last, last)

    def add_line(self, line: LoggedLine) -> None:
        """Add the message that a line reports; other lines are left out."""
        if line.event not in (DECIDED, FINISHED):
            return
        ending = LoggedEnding(
            day=line.at.date(),
            task=_short(line.text("task")) if line.event == FINISHED else "",
            outcome=_short(line.text("outcome")),
            reason=_short(line.text("reason")),
            rule=_short(_rule(line)),
        )
        self.add(ending, 1, line.at, line.at)

    def add_row(self, row: Mapping[str, Any]) -> None:
        """Add a row of the workspace's answer, with the columns of `counting_query`.

        Raises:
            KeyError, TypeError, ValueError: it has others.
        """
        first, last = (datetime.fromisoformat(row[name]) for name in ("oldest", "newest"))
        ending = LoggedEnding(
            day=datetime.fromisoformat(row["day"]).date(),
            **{name: str(row[name] or "") for name in ("task", "outcome", "reason", "rule")},
        )
        self.add(ending, int(row["messages"]), first, last)

    def of_rule(self, rule: str) -> "EndingCounts":
        """Return only what one rule decided."""
        chosen = {ending: number for ending, number in self.numbers.items() if ending.rule == rule}
        return EndingCounts(Counter(chosen), self.first, self.last, self.unread)


def _rule(line: LoggedLine) -> str:
    would_enable = line.text("outcome") == Outcome.WOULD_ENABLE
    return line.text("rule") or (line.text("projected_rule") if would_enable else "")


def _short(text: str) -> str:
    return text[:_LONGEST]


def counting_query(period: Period) -> str:
    """Return the Kusto query whose rows `EndingCounts.add_row` reads."""
    return f"""AppTraces
| where TimeGenerated >= {kusto_time(period.since)} and TimeGenerated < {kusto_time(period.until)}
| extend j = parse_json(Message)
| where j.event in ('{DECIDED}', '{FINISHED}')
| extend task = tostring(j.task), outcome = tostring(j.outcome), reason = tostring(j.reason)
| extend would_enable = iff(outcome == '{Outcome.WOULD_ENABLE}', tostring(j.projected_rule), '')
| extend rule = iff(isempty(tostring(j.rule)), would_enable, tostring(j.rule))
| summarize messages = sum(ItemCount), oldest = min(TimeGenerated), newest = max(TimeGenerated)
    by day = bin(TimeGenerated, 1d), task, outcome, reason, rule
"""


def kusto_time(moment: datetime) -> str:
    """Return a literal of Kusto's; years before 1600 and after 9000 are left to Azure's own bounds."""
    bounded = min(max(moment, datetime(1900, 1, 1, tzinfo=UTC)), datetime(9000, 1, 1, tzinfo=UTC))
    return f"datetime({bounded.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ})"


def last_days(counts: EndingCounts, most: int) -> tuple[list[date], int]:
    """Return the last days of the log, also those without messages, and how many days are before them."""
    if counts.first is None or counts.last is None:
        return [], 0
    last, number = counts.last.date(), (counts.last.date() - counts.first.date()).days + 1
    shown = min(number, most)
    return [last - timedelta(days=back) for back in reversed(range(shown))], number - shown
