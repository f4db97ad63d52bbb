"""`python -m sandbox.chaos`: two hosts under faults that hide effects; exit 1 if the law was broken."""

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console

from sandbox.azurite import AzuriteUnavailable, azurite
from sandbox.chaos import plan as plans
from sandbox.chaos.draw import draw
from sandbox.chaos.judge import judge
from sandbox.chaos.play import play
from sandbox.chaos.report import report, write

BUILD = Path("build") / "chaos"
_WIDTH = 120


def main() -> int:
    """Play a plan and print the verdict; return the exit code."""
    asked = _asked()
    console = Console(highlight=False)
    plan = plans.read(asked.plan) if asked.plan else draw(
        asked.seed, meetings=asked.events, honors_if_match=asked.if_match
    )  # fmt: skip
    BUILD.mkdir(parents=True, exist_ok=True)
    plan.write(BUILD / "plan.json")
    console.print(f"Seed {plan.seed}: {plan.changes} changes. Files are in {BUILD}.")
    began = time.monotonic()
    try:
        with azurite() as storage, console.status("") as status:
            record = play(plan, storage, BUILD, lambda share: status.update(f"{share:.0%} played"))
    except AzuriteUnavailable as error:
        console.print(str(error), style="red", markup=False)
        return 1
    verdict = judge(record)
    write(BUILD / "verdict.json", record, verdict)
    report(console, record, verdict)
    console.print(f"{time.monotonic() - began:.0f} s")
    return 0 if verdict.is_kept else 1


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=9, help="the same seed draws the same plan")
    parser.add_argument("--events", type=int, default=300, help="how many events people create")
    parser.add_argument("--if-match", action="store_true", help="let Graph honor If-Match")
    parser.add_argument("--plan", type=Path, help="play this plan.json instead of drawing one")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
