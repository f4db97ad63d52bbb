"""Stories of people, admins, faults and two workers; `make machine` tries more of them.

Each class is a group of its own for pytest-xdist, so that the workers share the 200 examples.
"""

from hypothesis import Phase

from sandbox.machine.__main__ import run
from sandbox.machine.machine import Machine

_EXAMPLES = 50


def no_story_breaks_a_promise(number: int) -> None:
    run(Machine, examples=_EXAMPLES, number=number, phases=[Phase.generate])


class TestFirst:
    def test_no_story_breaks_a_promise(self) -> None:
        no_story_breaks_a_promise(1)


class TestSecond:
    def test_no_story_breaks_a_promise(self) -> None:
        no_story_breaks_a_promise(2)


class TestThird:
    def test_no_story_breaks_a_promise(self) -> None:
        no_story_breaks_a_promise(3)


class TestFourth:
    def test_no_story_breaks_a_promise(self) -> None:
        no_story_breaks_a_promise(4)
