"""What a simulated week came to, as figures."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from sandbox.graph.limits import MAILBOX_CALLS
from sandbox.simulate.memory import Memory
from sandbox.simulate.town import START
from sandbox.simulate.week import SAMPLE, Slot, Week

_NAMES = {
    ("POST", "/subscriptions"): "make a subscription",
    ("PATCH", "/subscriptions/<subscription>"): "renew a subscription",
    ("DELETE", "/subscriptions/<subscription>"): "delete a subscription",
    ("GET", "/subscriptions/<subscription>"): "read a subscription",
    ("GET", "/subscriptions"): "list subscriptions, a page of 100",
    ("GET", "/users"): "list users, a page of 999",
    ("GET", "/users/<user>/mailboxSettings"): "ask whose mailbox it is",
    ("GET", "/users/<user>/calendarView"): "look into a calendar",
}
_QUARTER = 0.25
_SPANS = {"directory units": "10 s"}


@dataclass(frozen=True, slots=True)
class Limit:
    """How near the week came to one of Graph's limits."""

    name: str
    span: str
    most: int
    peak: int


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is printed, kept and drawn; `memory` is by number of mailboxes."""

    mailboxes: int
    made: Counter[str]
    counted: Counter[str]
    reckoned: Counter[str]
    limits: tuple[Limit, ...]
    complaints: Counter[str]
    unwatched: int
    queue_peak: int
    runs: int
    longest_run: timedelta
    sweeps: Counter[str]
    memory: dict[int, Memory]
    process_bytes: int
    wall: timedelta
    slots: tuple[Slot, ...]

    @classmethod
    def of(cls, week: Week, memory: dict[int, Memory], process_bytes: int, wall: timedelta) -> "Figures":
        """Draw the sum of a week that is over."""
        graph = week.town.graph
        windows = [
            Limit(name, _SPANS.get(name, "20 s"), window.most, window.peak)
            for name, window in graph.limits.windows.items()
        ]
        mailbox = Limit("calls to one mailbox", "10 min", MAILBOX_CALLS, graph.limits.mailbox_peak)
        watched = {one.mailbox for _row, one in graph.subscriptions.active()}
        return cls(
            mailboxes=len(week.town.users),
            made=_named(graph.counted),
            counted=_named(week.counted_only),
            reckoned=_named(week.reckoned),
            limits=(*windows, mailbox),
            complaints=week.complaints,
            unwatched=len(week.town.users - watched),
            queue_peak=week.town.tasks.peak,
            runs=week.runs,
            longest_run=week.longest_run,
            sweeps=week.sweeps,
            memory=memory,
            process_bytes=process_bytes,
            wall=wall,
            slots=tuple(week.slots),
        )

    def played(self) -> list[tuple[float, float]]:
        """Return which hours of the week were played in full."""
        hours = [(slot.begin - START) / timedelta(hours=1) for slot in self.slots]
        breaks = [n for n, (one, other) in enumerate(pairwise(hours), 1) if other - one > _QUARTER]
        return [
            (hours[first], hours[behind - 1] + _QUARTER)
            for first, behind in pairwise([0, *breaks, len(hours)])
        ]

    def markdown(self) -> str:
        """Return the tables for people and for docs."""
        kinds = [name for name in _NAMES.values() if self.made[name] + self.reckoned[name]]
        calls = [
            f"| {name} | {self.made[name]:,} | {self.counted[name]:,} | {self.reckoned[name]:,} |"
            f" {self.made[name] + self.counted[name] + self.reckoned[name]:,} |"
            for name in kinds
        ]
        limits = [
            f"| {one.name} | {one.most:,} in {one.span} | {one.peak:,} | {one.peak / one.most:.1%} |"
            for one in self.limits
        ]
        memory = [
            f"| {mailboxes:,} | {_mib(one.before)} | {_mib(one.after)} | {_mib(one.after - one.before)} |"
            for mailboxes, one in self.memory.items()
        ]
        hours = ", ".join(f"{begin:g} to {end:g}" for begin, end in self.played())
        return "\n".join(
            [
                f"{self.mailboxes:,} mailboxes, one week; played in full: hours {hours}.",
                "",
                "| calls to Graph | made | counted | reckoned | the week |",
                "| --- | ---: | ---: | ---: | ---: |",
                *calls,
                "",
                "| Graph's limit | at most | peak | share |",
                "| --- | ---: | ---: | ---: |",
                *limits,
                "",
                "| mailboxes | MiB before | MiB at the peak | one run of maintenance took |",
                "| ---: | ---: | ---: | ---: |",
                *memory,
                "",
                "| what else | figure |",
                "| --- | ---: |",
                f"| mailboxes without a subscription at the end | {self.unwatched:,} |",
                f"| warnings and errors in the log | {self.complaints.total():,} |",
                f"| longest that `mailbox-tasks` was, messages | {self.queue_peak:,} |",
                f"| runs of maintenance | {self.runs:,} |",
                f"| the longest of them, on storage in memory | {self.longest_run.total_seconds():.1f} s |",
                f"| sweeps carried out, one in {SAMPLE} | {self.sweeps['carried out']:,} |",
                f"| sweeps counted | {self.sweeps['counted']:,} |",
                f"| memory of the simulation, tenant and storage included | {_mib(self.process_bytes)} MiB |",
                f"| it took | {self.wall.total_seconds():,.0f} s |",
                "",
            ]
        )


def _named(calls: Counter[tuple[str, str]]) -> Counter[str]:
    return Counter({_NAMES[call]: times for call, times in calls.items()})


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f}"
