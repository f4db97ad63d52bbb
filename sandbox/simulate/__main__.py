"""`make simulate`: a week of a large tenant, held against Graph's limits."""

import argparse
import re
import sys
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from sandbox.simulate.figures import Figures
from sandbox.simulate.memory import Memory, measure, peak
from sandbox.simulate.town import START, Town
from sandbox.simulate.week import Week

ROOT = Path(__file__).resolve().parents[2]
_MARKED = re.compile(r"(?<=<!-- figures -->\n).*(?=<!-- /figures -->)", re.DOTALL)


def main() -> None:
    """Play the week, print the figures, draw them."""
    wanted = _arguments()
    began = perf_counter()
    memory = {size: _memory_of(size) for size in (wanted.mailboxes // 100, wanted.mailboxes // 10) if size}
    week = Week(Town(wanted.mailboxes), say=lambda text: print(text, file=sys.stderr, flush=True))
    week.play()
    process_bytes, wall = peak(), timedelta(seconds=perf_counter() - began)
    memory[wanted.mailboxes] = _measured(week.town)
    figures = Figures.of(week, memory, process_bytes, wall)
    print(figures.markdown())
    _keep(figures, ROOT / "docs" if wanted.keep else ROOT / "build", is_documented=wanted.keep)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m sandbox.simulate", description=main.__doc__)
    parser.add_argument("--mailboxes", type=int, default=100_000, help="how large the tenant is")
    parser.add_argument("--keep", action="store_true", help="renew docs/scale.md and docs/scale.png")
    return parser.parse_args()


def _memory_of(mailboxes: int) -> Memory:
    """Measure a smaller tenant, once all are watched."""
    town = Town(mailboxes)
    Week(town).play_until(START + timedelta(hours=4))
    return _measured(town)


def _measured(town: Town) -> Memory:
    town.clock.set(town.clock() + timedelta(hours=7))  # all are due a sweep
    return measure(town)


def _keep(figures: Figures, folder: Path, *, is_documented: bool) -> None:
    from sandbox.simulate.plot import draw  # noqa: PLC0415 -- only here is matplotlib needed

    folder.mkdir(exist_ok=True)
    draw(figures, folder / "scale.png")
    print(f"{folder.name}/scale.png is drawn")
    if is_documented:
        page = folder / "scale.md"
        page.write_text(_MARKED.sub(lambda _: figures.markdown(), page.read_text()))


if __name__ == "__main__":
    main()
