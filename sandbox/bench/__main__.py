"""Print the benchmarks as tables. Times depend on the machine; compare the ratios."""

import argparse
import importlib.util
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from sandbox.azurite import azurite
from sandbox.bench import decisions, rules, throughput
from sandbox.bench.cold_start import cold_start
from sandbox.bench.cpu import cpu
from sandbox.bench.deadline import slowest
from sandbox.bench.figure_table import FigureTable
from sandbox.bench.messages import limited_rule, messages, one_mailbox, swept_bodies
from sandbox.bench.peer_run import ROOT, install_peer
from sandbox.bench.webhook import notifications, webhook, webhook_in_trouble
from sandbox.bench.where_time_goes import where_time_goes
from sandbox.stage import stage

_FIGURES = re.compile(r"(?<=<!-- figures -->\n).*(?=\n<!-- /figures -->)", re.DOTALL)

#: of a pipe or a file: no column of the widest table wraps
_WIDTH_IN_FILE = 140


def main() -> None:
    """Run all benchmarks in turn."""
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else _WIDTH_IN_FILE)
    if options.peer or options.keep:
        install_peer()
    folder = ROOT / ("docs" if options.keep else "build")
    shown: list[FigureTable] = []
    with TemporaryDirectory() as temporary:
        for table in _tables(Path(temporary), folder / "performance.png"):
            shown.append(table)
            console.print(table.for_terminal())
            console.file.flush()  # a run takes minutes
    if options.keep:
        page = folder / "performance.md"
        day = f"Measured on {datetime.now(UTC):%d %B %Y}, in one run."
        plot = "![Enabled events a second, by latency and number of messages](performance.png)"
        figures = "\n\n".join([day, plot, *(table.for_page() for table in shown)])
        page.write_text(_FIGURES.sub(lambda _: figures, page.read_text()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m sandbox.bench", description=main.__doc__)
    parser.add_argument("--peer", action="store_true", help="install and measure the ordinary implementation")
    parser.add_argument(
        "--keep", action="store_true", help="update docs/performance.md and its plot; measures as --peer does"
    )
    return parser.parse_args()


def _tables(folder: Path, picture: Path) -> Iterator[FigureTable]:
    yield cpu(folder)
    yield where_time_goes(folder)
    cells = throughput.measure(folder)
    yield throughput.throughput(cells)
    yield throughput.memory(cells)
    if importlib.util.find_spec("matplotlib"):
        from sandbox.bench.plot import draw  # noqa: PLC0415 -- matplotlib may be missing

        picture.parent.mkdir(exist_ok=True)
        draw(cells, picture)
    yield slowest(folder)
    rules_folder = folder / "rules"
    rules_folder.mkdir()
    (rules_folder / "rules.yaml").write_bytes(rules.joinlink_rules(1))
    with azurite() as storage:
        with stage(storage, rules_folder) as everything:
            yield webhook(everything)
            yield cold_start(everything.settings, notifications(1))
        yield webhook_in_trouble(storage, rules_folder)
        yield messages(storage)
        yield limited_rule(storage)
    yield swept_bodies()
    yield one_mailbox()
    yield decisions.decisions()
    yield decisions.loading()
    yield decisions.hostile_files()
    yield decisions.hostile_bodies()


if __name__ == "__main__":
    main()
