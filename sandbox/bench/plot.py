"""Draws the events a second beside the bound and the ordinary implementation."""

from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

from sandbox.bench.throughput import AT_ONCE, GRAPH_SECONDS, Throughput

_WIDTH = 0.26


def draw(cells: list[Throughput], path: Path) -> None:
    """Write the picture to `path`: one part for each latency of Graph."""
    mpl.use("Agg")
    picture, parts = plt.subplots(1, len(GRAPH_SECONDS), figsize=(10, 3.6), layout="constrained")
    for axes, graph_seconds in zip(parts, GRAPH_SECONDS, strict=True):
        these = [cell for cell in cells if cell.graph_seconds == graph_seconds]
        places = range(len(these))
        series = [
            ("worker", [cell.plain.per_second for cell in these]),
            ("worker, both limits", [cell.limited.per_second for cell in these]),
            ("ordinary implementation", [cell.peer.per_second if cell.peer else 0 for cell in these]),
        ]
        for number, (name, rates) in enumerate(series):
            if any(rates):
                bars = axes.bar(
                    [place + (number - 1) * _WIDTH for place in places], rates, _WIDTH, label=name
                )
                axes.bar_label(bars, [f"{rate:.0f}" for rate in rates], fontsize=7)
        if graph_seconds:
            bounds = [cell.bound for cell in these]
            axes.plot(places, bounds, "k_", markersize=46, label="bound of the worker's calls")
        axes.set(
            title=f"Graph answers in {graph_seconds * 1000:.0f} ms",
            xticks=list(places),
            xticklabels=[str(count) for count in AT_ONCE],
            xlabel="messages at a time",
        )
        axes.spines[["top", "right"]].set_visible(False)
    parts[0].set_ylabel("enabled events a second")
    handles, labels = parts[-1].get_legend_handles_labels()
    picture.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    picture.savefig(path, dpi=130)
    plt.close(picture)
