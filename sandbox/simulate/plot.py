"""The week as a picture."""

from datetime import datetime
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

from sandbox.simulate.figures import Figures
from sandbox.simulate.town import START

_INK, _PALE = "#333333", "#e6e6e6"
_KINDS = {
    "make, renew or delete a subscription": ({"POST", "PATCH", "DELETE"}, "#c2410c"),
    "read a subscription": ({"GET"}, "#1d4ed8"),
}
_LIMIT = 500


def draw(figures: Figures, path: Path) -> None:
    """Write the picture: calls against their limit, the queue, and memory by size of the tenant."""
    mpl.use("Agg")
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    picture, (calls, queue, memory) = plt.subplots(
        3, 1, figsize=(9, 8.5), height_ratios=(3, 2, 2), layout="constrained"
    )
    _draw_calls(calls, figures)
    _draw_queue(queue, figures)
    _draw_memory(memory, figures)
    picture.suptitle(f"One week of {figures.mailboxes:,} mailboxes", fontweight="bold")
    picture.savefig(path, dpi=130)
    plt.close(picture)


def _draw_calls(axes: plt.Axes, figures: Figures) -> None:
    hours = [_hours(slot.begin) for slot in figures.slots]
    for name, (methods, color) in _KINDS.items():
        most = [
            sum(n for (method, path), n in slot.calls.items() if method in methods and _is_one(method, path))
            for slot in figures.slots
        ]
        axes.plot(hours, most, ".", color=color, markersize=4, label=name)
    axes.axhline(_LIMIT, color=_INK, linewidth=1, linestyle="--")
    axes.text(168, _LIMIT + 10, "Graph's limit for each: 500 in 20 s", ha="right")
    axes.set(ylabel="most calls in 20 s", ylim=(0, 560))
    axes.legend(loc=(0.1, 0.68), frameon=False)
    _mark_leaps(axes, figures)


def _draw_queue(axes: plt.Axes, figures: Figures) -> None:
    hours = [_hours(slot.begin) for slot in figures.slots]
    axes.vlines(hours, 0, [slot.queue for slot in figures.slots], color="#0f766e", linewidth=1.5)
    axes.set(ylabel="longest `mailbox-tasks`", xlabel="hours", ylim=(0, None))
    _mark_leaps(axes, figures)


def _draw_memory(axes: plt.Axes, figures: Figures) -> None:
    names = [f"{mailboxes:,}" for mailboxes in figures.memory]
    before = [one.before / 2**20 for one in figures.memory.values()]
    taken = [(one.after - one.before) / 2**20 for one in figures.memory.values()]
    axes.barh(names, before, color=_PALE, label="Python with all that is imported")
    bars = axes.barh(names, taken, left=before, color="#7c3aed", label="one run of maintenance")
    axes.bar_label(bars, [f"+{one:.0f} MiB" for one in taken], padding=4)
    axes.invert_yaxis()
    axes.set(ylabel="mailboxes", xlabel="peak memory of the product's process, MiB", xlim=(0, 150))
    axes.legend(loc="lower right", frameon=False)


def _mark_leaps(axes: plt.Axes, figures: Figures) -> None:
    """Shade the hours that were not played."""
    for (_, begin), (end, _) in pairwise(figures.played()):
        axes.axvspan(begin, end, color=_PALE, linewidth=0, zorder=0)
        middle, place = (begin + end) / 2, axes.get_xaxis_transform()
        axes.text(middle, 0.5, "rounds of sweeps as before", ha="center", transform=place, color=_INK)
    axes.set(xlim=(0, 168), xticks=range(0, 169, 24))


def _is_one(method: str, path: str) -> bool:
    return path == "/subscriptions/<subscription>" or (method == "POST" and path == "/subscriptions")


def _hours(moment: datetime) -> float:
    return (moment - START).total_seconds() / 3600
