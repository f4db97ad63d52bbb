"""Draws the week: calls against Graph's limit, the queue, and memory by size of the tenant."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

from sandbox.simulate.figures import simulated_hours
from sandbox.simulate.memory import PeakMemory
from sandbox.simulate.tenant import START
from sandbox.simulate.week import QuarterHour, Week

_PALE = "#e6e6e6"
_LIMIT = 500


def draw(week: Week, memory: Mapping[int, PeakMemory], path: Path) -> None:
    """Write the picture to `path`."""
    mpl.use("Agg")
    picture, (calls, queue, sizes) = plt.subplots(3, 1, figsize=(9, 8.5), layout="constrained")
    hours = [(one.begin - START) / timedelta(hours=1) for one in week.quarter_hours]
    for name, is_write in (("create, renew or delete a subscription", True), ("read a subscription", False)):
        most = [_calls(one, is_write=is_write) for one in week.quarter_hours]
        calls.plot(hours, most, ".", markersize=4, label=name)
    calls.axhline(_LIMIT, linewidth=1, linestyle="--", label="Graph's limit for each: 500 in 20 s")
    calls.set(ylabel="most calls in 20 s", ylim=(0, None))
    calls.legend(frameon=False)
    queue.vlines(hours, 0, [one.queue for one in week.quarter_hours])
    queue.set(ylabel="most messages in `mailbox-tasks`", xlabel="hours", ylim=(0, None))
    for axes in (calls, queue):
        axes.set(xlim=(0, 168), xticks=range(0, 169, 24))
        for (_, begin), (end, _) in pairwise(simulated_hours(week)):
            axes.axvspan(begin, end, color=_PALE, linewidth=0, zorder=0)
    names = [f"{mailboxes:,}" for mailboxes in memory]
    before = [one.before / 2**20 for one in memory.values()]
    run = [(one.after - one.before) / 2**20 for one in memory.values()]
    sizes.barh(names, before, color=_PALE, label="Python with all imports")
    bars = sizes.barh(names, run, left=before, label="one run of maintenance")
    sizes.bar_label(bars, [f"+{one:.0f} MiB" for one in run], padding=4)
    sizes.set(ylabel="mailboxes", xlabel="peak memory of the product's process, MiB", xlim=(0, 150))
    sizes.legend(loc="lower right", frameon=False)
    picture.suptitle(f"One week of {len(week.tenant.users):,} mailboxes; skipped hours are grey")
    picture.savefig(path, dpi=130)
    plt.close(picture)


def _calls(quarter_hour: QuarterHour, *, is_write: bool) -> int:
    """Return the calls about one subscription, writes or reads."""
    return sum(
        number
        for (method, path), number in quarter_hour.calls.items()
        if path.startswith("/subscriptions")
        and (method, path) != ("GET", "/subscriptions")
        and (method != "GET") == is_write
    )
