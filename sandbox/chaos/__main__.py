"""Runs two hosts with faults and kills, and judges what the app did to each event; a failure exits with 1."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from sandbox.azurite import AzuriteUnavailable
from sandbox.chaos.plan import read_plan
from sandbox.chaos.planted import PLANTED
from sandbox.chaos.random_plan import random_plan
from sandbox.chaos.run import run
from sandbox.run_folder import run_folder

BUILD = Path("build") / "chaos"
_INTERRUPTED = 130


def main() -> int:
    """Run a plan and have it judged; return the exit code."""
    options = _options()
    console = Console(highlight=False)
    plan = (
        read_plan(options.plan)
        if options.plan
        else random_plan(
            options.seed,
            changes=options.changes,
            people=options.mailboxes,
            honors_if_match=options.if_match,
        )
    )
    try:
        with run_folder(BUILD) as folder:
            console.print(f"Seed {plan.seed}: {plan.changes} changes. The results will be in {folder}.")
            began = time.monotonic()
            with console.status("") as status:
                run(plan, folder, lambda share: status.update(f"{share:.0%} done"), bug=options.plant)
            console.print(f"The run took {time.monotonic() - began:.0f} s.")
            judge = [sys.executable, "-m", "sandbox.chaos.judge", str(folder)]
            return subprocess.run(judge, check=False).returncode  # noqa: S603 -- our own program
    except AzuriteUnavailable as error:
        console.print(str(error), style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return _INTERRUPTED


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=9, help="the same seed gives the same plan")
    parser.add_argument("--changes", type=int, default=10_000, help="number of changes that people make")
    parser.add_argument("--mailboxes", type=int, default=200, help="number of people")
    parser.add_argument(
        "--if-match", action="store_true", help="Graph honors If-Match (by default it ignores it)"
    )
    parser.add_argument("--plan", type=Path, help="run this plan.json instead of a random plan")
    parser.add_argument("--plant", choices=PLANTED, default="none", help="plant a bug in the product")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
