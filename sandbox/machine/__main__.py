"""Runs the stateful machine; a failure is printed as the shortest story, and the exit code is 1."""

import argparse
import sys
import time
import traceback
from collections import Counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from sandbox.machine.machine import Machine
from sandbox.machine.planted import PLANTED

#: the steps of an example before calm
STEPS = 40
#: of each batch; the seeds of two runs differ by more than their batches
_BATCH, _MOST_BATCHES = 10, 10_000


def main() -> int:
    """Run examples and print what they did; return the exit code."""
    options = _options()
    totals: Counter[str] = Counter()

    class CountedExamples(Machine):
        def teardown(self) -> None:
            totals["examples"] += 1
            super().teardown()
            if hasattr(self, "town"):
                totals.update(self.town.judge.totals())

    began = time.process_time()
    phases = [Phase.generate] if options.no_shrink else [Phase.generate, Phase.shrink]
    try:
        with PLANTED[options.plant]():
            run(CountedExamples, examples=options.examples, number=options.seed, phases=phases)
    except Exception:  # noqa: BLE001 -- it is printed, with its story
        traceback.print_exc()
        is_passed = False
    else:
        is_passed = True
    print(f"Seed {options.seed}, {time.process_time() - began:.0f} s of CPU: {dict(totals)}")
    return 0 if is_passed else 1


def run(machine: type[Machine], *, examples: int, number: int, phases: list[Phase]) -> None:
    """Run so many examples of a machine, in batches. Raises AssertionError for a broken promise.

    After ten examples Hypothesis tries five variants of each new one, so a long run would try few stories.
    """
    for batch, begin in enumerate(range(0, examples, _BATCH)):
        run_state_machine_as_test(
            seed(number * _MOST_BATCHES + batch)(machine),
            settings=settings(
                max_examples=min(_BATCH, examples - begin),
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                phases=phases,
                suppress_health_check=list(HealthCheck),
            ),
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m sandbox.machine", description=__doc__)
    parser.add_argument("--examples", type=int, default=200, help="how many stories to try")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same stories")
    parser.add_argument("--plant", choices=PLANTED, default="none", help="plant a bug that must be found")
    parser.add_argument("--no-shrink", action="store_true", help="stop at the first failure, however long")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
