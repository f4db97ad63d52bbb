from collections.abc import Callable
from datetime import timedelta

import pytest

from sandbox.machine.judge import BrokenPromise
from sandbox.machine.opening import open_town
from sandbox.machine.people import OwnerAct
from sandbox.machine.planted import PLANTED
from sandbox.machine.record import TenantRules
from sandbox.machine.town import Town


def test_copies_of_meetings_and_messages_are_judged_by_what_happened() -> None:
    """A copy stays in the calendar of a guest whose organizer deletes the meeting; a message waits again."""
    with open_town() as town:
        meeting = town.people.create(0, is_external=True)
        town.people.do(meeting, OwnerAct.ADD_LINK)
        town.people.do(meeting, OwnerAct.DELETE)
        town.calm_down()
    with open_town() as town:
        town.people.create(0, is_external=True)
        town.fail_graph("write 403 of a proxy after", 1)
        town.after_patch = OwnerAct.REMOVE_LINK
        town.let_pass(timedelta(seconds=21))
        town.run(town.workers[0], 1)
        town.kill(town.workers[0])
        town.calm_down()


def create(town: Town) -> None:
    """Create a meeting with a guest from outside, and handle its messages."""
    town.people.create(0, is_external=True)
    town.let_pass(timedelta(seconds=11))
    town.let_pass(timedelta(seconds=11))
    town.drain(until=town.now + timedelta(minutes=12))


def change_at_write(town: Town) -> None:
    town.before_patch = OwnerAct.OPT_OUT
    create(town)


def remove_after_lost_answer(town: Town) -> None:
    town.fail_graph("write lost after", 1)
    town.after_patch = OwnerAct.REMOVE_LINK
    create(town)


def write_three_times(town: Town) -> None:
    town.change_rules(TenantRules(per_hour=1))
    for _ in range(3):
        create(town)


def fail_reads(town: Town) -> None:
    town.fail_graph("read 503", 3)
    create(town)


def replace_rules(town: Town) -> None:
    create(town)
    town.change_rules(TenantRules(mode="off"))
    town.drain(until=town.now + timedelta(minutes=5))
    create(town)


def change_within_limit(town: Town) -> None:
    town.before_patch = OwnerAct.ANSWER
    create(town)
    town.drain(until=town.now + timedelta(minutes=3))


def overlap(town: Town) -> None:
    """Graph does not honor If-Match, so that only the lease keeps the second worker from a write."""
    running, other = town.workers
    town.graph.honors_if_match = False
    meeting = town.people.create(0, is_external=True)
    for _ in town.workers:
        town.read_again(town.people.events[meeting])
    town.run(running, 1)
    while not running.is_at_write:
        town.run(running, 1)
    town.run(other)
    town.run_current(running)


@pytest.mark.parametrize(
    ("bug", "violation", "story"),
    [
        ("skip-etag", "unwanted", change_at_write),
        ("forget-attempt", "re-added", remove_after_lost_answer),
        ("limits-per-process", "over limit", write_three_times),
        ("drop-on-503", "dropped", fail_reads),
        ("stale-rules", "unwanted", replace_rules),
        ("keep-charge", "unjustified", change_within_limit),
        ("ignore-lease", "doubled", overlap),
    ],
)
def test_a_planted_bug_is_found(bug: str, violation: str, story: Callable[[Town], None]) -> None:
    """Each breaks a promise in its shortest story; without the bug the same story keeps all."""
    first = TenantRules(per_hour=1) if bug in {"limits-per-process", "keep-charge"} else TenantRules()
    with open_town(rules=first) as town:
        story(town)
    with PLANTED[bug](), open_town(rules=first) as town, pytest.raises(BrokenPromise, match=violation):
        story(town)
