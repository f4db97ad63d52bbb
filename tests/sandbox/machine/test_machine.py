from hypothesis import Phase

from sandbox.machine.__main__ import run
from sandbox.machine.machine import Machine


def test_no_story_breaks_a_promise() -> None:
    """Stories of people, admins, faults and two workers; `make machine` tries more of them."""
    run(Machine, examples=40, number=1, phases=[Phase.generate])
