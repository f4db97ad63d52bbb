"""Judges a run that is over: reads the stand-in's record, the logs and the storage, and nothing else.

`python -m sandbox.chaos.judge build/chaos` prints the report and exits with 1 if a promise was broken.
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from sandbox.chaos.checker import check
from sandbox.chaos.files import read_record
from sandbox.chaos.report import report, write


def judge(folder: Path, console: Console) -> bool:
    """Judge the run in a folder, print the report and write `verdict.json`; return whether it passed."""
    record = read_record(folder)
    verdict = check(record)
    write(folder / "verdict.json", record, verdict)
    report(console, record, verdict)
    return verdict.has_passed


def main() -> int:
    """Judge the run in the folder that the command line names; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.chaos.judge", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of the run")
    return 0 if judge(parser.parse_args().folder, Console(highlight=False)) else 1


if __name__ == "__main__":
    sys.exit(main())
