"""`make simulate`: simulate a week of a large tenant, and compare its calls with Graph's limits."""

import argparse
import importlib.util
import re
import sys
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from sandbox.peak_memory import peak
from sandbox.simulate.figures import markdown
from sandbox.simulate.memory import PeakMemory, measure
from sandbox.simulate.tenant import START, SimulatedTenant
from sandbox.simulate.week import Week

ROOT = Path(__file__).resolve().parents[2]
_FIGURES = re.compile(r"(?<=<!-- figures -->\n).*(?=\n<!-- /figures -->)", re.DOTALL)


def main() -> None:
    """Simulate a week, print the figures and draw them."""
    options = _options()
    began = perf_counter()
    sizes = (options.mailboxes // 100, options.mailboxes // 10)
    memory = {size: _memory_of(size) for size in sizes if size}
    tenant = SimulatedTenant(options.mailboxes)
    week = Week(tenant, report=lambda text: print(text, file=sys.stderr, flush=True))
    week.play()
    process_bytes, took = peak(), timedelta(seconds=perf_counter() - began)
    memory[options.mailboxes] = _measured(tenant)
    tables = markdown(week, memory, process_bytes, took)
    print(tables)
    folder = ROOT / ("docs" if options.keep else "build")
    if options.keep:
        page = folder / "scale.md"
        page.write_text(_FIGURES.sub(lambda _: tables, page.read_text()))
    if importlib.util.find_spec("matplotlib"):
        from sandbox.simulate.plot import draw  # noqa: PLC0415 -- matplotlib may be missing

        folder.mkdir(exist_ok=True)
        draw(week, memory, folder / "scale.png")
        print(f"\nThe plot is in {folder.name}/scale.png.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m sandbox.simulate", description=main.__doc__)
    parser.add_argument("--mailboxes", type=int, default=100_000, help="the size of the tenant")
    parser.add_argument("--keep", action="store_true", help="update docs/scale.md and docs/scale.png")
    return parser.parse_args()


def _memory_of(mailboxes: int) -> PeakMemory:
    """Measure a smaller tenant after all its mailboxes are watched."""
    tenant = SimulatedTenant(mailboxes)
    Week(tenant).play_until(START + timedelta(hours=4))
    return _measured(tenant)


def _measured(tenant: SimulatedTenant) -> PeakMemory:
    tenant.now += timedelta(hours=7)  # all mailboxes are due for a sweep
    return measure(tenant)


if __name__ == "__main__":
    main()
