"""Runs two hosts with faults and checks what the app did to each event; exits with 1 if a check fails."""

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console

from sandbox.azurite import AzuriteUnavailable, azurite
from sandbox.chaos.checker import check
from sandbox.chaos.plan import ChaosPlan, read_plan
from sandbox.chaos.random_plan import random_plan
from sandbox.chaos.report import report, write
from sandbox.chaos.run import run
from sandbox.run_folder import run_folder

BUILD = Path("build") / "chaos"
_INTERRUPTED = 130


def main() -> int:
    """Run a plan and print the result; return the exit code."""
    options = _options()
    console = Console(highlight=False)
    plan = read_plan(options.plan) if options.plan else random_plan(
        options.seed, meetings=options.events, honors_if_match=options.if_match
    )  # fmt: skip
    try:
        with run_folder(BUILD) as folder:
            return _run(plan, folder, console)
    except AzuriteUnavailable as error:
        console.print(str(error), style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return _INTERRUPTED


def _run(plan: ChaosPlan, folder: Path, console: Console) -> int:
    plan.write(folder / "plan.json")
    console.print(f"Seed {plan.seed}: {plan.changes} changes. The results will be in {folder}.")
    began = time.monotonic()
    with azurite() as storage, console.status("") as status:
        record = run(plan, storage, folder, lambda share: status.update(f"{share:.0%} done"))
    verdict = check(record)
    write(folder / "verdict.json", record, verdict)
    report(console, record, verdict)
    console.print(f"{time.monotonic() - began:.0f} s")
    return 0 if verdict.has_passed else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=9, help="the same seed gives the same plan")
    parser.add_argument("--events", type=int, default=300, help="number of events that people create")
    parser.add_argument(
        "--if-match", action="store_true", help="Graph honors If-Match (by default it ignores it)"
    )
    parser.add_argument("--plan", type=Path, help="run this plan.json instead of a random plan")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
