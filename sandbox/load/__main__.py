"""`python -m sandbox.load`: loads the webhook, and looks for every acknowledged event in the queue."""

import argparse
import re
import sys
from pathlib import Path

from sandbox.azurite import AzuriteUnavailable, azurite
from sandbox.load.figures import markdown
from sandbox.load.run import LoadPlan, run_load
from sandbox.run_folder import run_folder

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "performance.md"
_FIGURES = re.compile(r"(?<=<!-- load -->\n).*(?=\n<!-- /load -->)", re.DOTALL)


def main() -> int:
    """Run, print the figures, and return 1 if something is wrong."""
    options = _options()
    plan = LoadPlan(seconds=options.seconds, connections=options.connections, items=options.items)
    try:
        with run_folder(ROOT / "build" / "load") as folder, azurite() as storage:
            result = run_load(storage, folder, plan)
    except AzuriteUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    tables = markdown(result, plan)
    print(tables)
    for problem in result.problems:
        print(problem, file=sys.stderr)
    if options.keep and not result.problems:
        _keep(tables)
    return 1 if result.problems else 0


def _keep(tables: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    if not _FIGURES.search(text):
        sys.exit(f"{PAGE.relative_to(ROOT)} has no lines <!-- load --> and <!-- /load -->. Add them.")
    PAGE.write_text(_FIGURES.sub(lambda _: tables, text), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m sandbox.load", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="how long each server is loaded")
    parser.add_argument("--connections", type=int, default=32, help="how many senders there are")
    parser.add_argument("--items", type=int, default=1, help="how many notifications a POST has")
    parser.add_argument("--keep", action="store_true", help="update docs/performance.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
