"""Prints the figures of a simulated week as Markdown tables."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise

from sandbox.graph.limits import MAILBOX_CALLS
from sandbox.simulate.memory import PeakMemory
from sandbox.simulate.tenant import START
from sandbox.simulate.week import SAMPLE, Week

_CALLS = {
    ("POST", "/subscriptions"): "create a subscription",
    ("PATCH", "/subscriptions/<subscription>"): "renew a subscription",
    ("DELETE", "/subscriptions/<subscription>"): "delete a subscription",
    ("GET", "/subscriptions/<subscription>"): "read a subscription",
    ("GET", "/subscriptions"): "list subscriptions, a page of 100",
    ("GET", "/users"): "list users, a page of 999",
    ("GET", "/users/<user>/mailboxSettings"): "read a mailbox's kind",
    ("GET", "/users/<user>/calendars"): "list a mailbox's calendars",
    ("GET", "/users/<user>/calendarView"): "read a calendar",
    ("GET", "/users/<user>/calendars/<calendar>/calendarView"): "read a further calendar",
}
_QUARTER = 0.25


def markdown(week: Week, memory: Mapping[int, PeakMemory], process_bytes: int, took: timedelta) -> str:
    """Return all tables; `memory` is by number of mailboxes, `process_bytes` the simulation's own peak."""
    users = week.tenant.users
    watched = {one.mailbox for _row, one in week.tenant.graph.subscriptions.active()}
    hours = ", ".join(f"{begin:g} to {end:g}" for begin, end in simulated_hours(week))
    return "\n\n".join(
        (
            f"{len(users):,} mailboxes, one week; simulated in full: hours {hours}.",
            _table(("calls to Graph", "sent", "counted", "estimated", "the week"), _call_rows(week)),
            _table(("Graph's limit", "at most", "peak", "share"), _limit_rows(week)),
            _table(
                ("mailboxes", "MiB before", "MiB at the peak", "one run of maintenance took"),
                (
                    (f"{mailboxes:,}", _mib(one.before), _mib(one.after), _mib(one.after - one.before))
                    for mailboxes, one in memory.items()
                ),
            ),
            _table(
                ("other figures", "value"),
                (
                    ("mailboxes without a subscription at the end", f"{len(users - watched):,}"),
                    ("warnings and errors in the log", f"{week.warnings.total():,}"),
                    ("most messages in `mailbox-tasks`", f"{week.tenant.tasks.peak:,}"),
                    ("runs of maintenance", f"{len(week.quarter_hours):,}"),
                    ("the longest run, on storage in memory", f"{week.longest_run.total_seconds():.1f} s"),
                    (f"sweeps that ran, one in {SAMPLE}", f"{week.sweeps_run:,}"),
                    ("sweeps that were counted", f"{week.sweeps_counted:,}"),
                    ("memory of the simulation with tenant and storage", f"{_mib(process_bytes)} MiB"),
                    ("duration of the simulation", f"{took.total_seconds():,.0f} s"),
                ),
            ),
        )
    )


def simulated_hours(week: Week) -> list[tuple[float, float]]:
    """Return which hours of the week were simulated in full."""
    hours = [(one.begin - START) / timedelta(hours=1) for one in week.quarter_hours]
    breaks = [n for n, (one, other) in enumerate(pairwise(hours), 1) if other - one > _QUARTER]
    spans = pairwise([0, *breaks, len(hours)])
    return [(hours[first], hours[after - 1] + _QUARTER) for first, after in spans]


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(header)
    lines = [titles, ["---", *["---:"] * (len(titles) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _call_rows(week: Week) -> Iterator[tuple[str, ...]]:
    sent = week.tenant.graph.counted
    assert sent.keys() <= _CALLS.keys()
    for call, name in _CALLS.items():
        numbers = sent[call], week.counted_only[call], week.estimated[call]
        if any(numbers):
            yield name, *(f"{number:,}" for number in (*numbers, sum(numbers)))


def _limit_rows(week: Week) -> Iterator[tuple[str, ...]]:
    limits = week.tenant.graph.limits
    peaks = [
        (name, "10 s" if name == "directory units" else "20 s", window.most, window.peak)
        for name, window in limits.windows.items()
    ]
    for name, span, most, peak in [
        *peaks,
        ("calls to one mailbox", "10 min", MAILBOX_CALLS, limits.mailbox_peak),
    ]:
        yield name, f"{most:,} in {span}", f"{peak:,}", f"{peak / most:.1%}"


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f}"
