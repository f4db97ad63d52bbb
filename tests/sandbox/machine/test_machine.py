from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.machine.judge import BrokenPromise
from sandbox.machine.opening import open_town
from sandbox.machine.people import OwnerAct
from sandbox.machine.planted import PLANTED
from sandbox.machine.record import GroupUse, TenantRules
from sandbox.machine.tokens import TokenFault
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


def test_a_change_between_read_and_refused_write_justifies_a_held_event() -> None:
    """The 401 says nothing about the effect, and the event has another version than the read before."""
    with open_town() as town:
        running = town.workers[0]
        meeting = town.people.create(0, is_external=True)
        town.settle()
        while not running.is_at_write:
            town.run(running, 1)
        town.people.do(meeting, OwnerAct.ANSWER)
        town.let_pass(timedelta(seconds=5))
        town.revokes_at_patch = True
        town.run_current(running)
        town.calm_down()

        assert town.people.events[meeting].last_reason == ("write_unknown", True)


@pytest.mark.parametrize("fault", TokenFault)
def test_a_token_endpoint_that_fails_loses_nothing(fault: TokenFault) -> None:
    """While Graph refuses every token; the message waits, and its event gets its link."""
    with open_town() as town:
        town.tokens.faults.extend([fault] * 3)
        town.revoke_tokens()
        create(town)
        town.calm_down()

        assert [event.now.is_online for event in town.people.events.values()] == [True]
        assert not town.tokens.faults


@pytest.mark.parametrize("use", [GroupUse.RULE, GroupUse.SCOPE])
def test_who_joins_the_group_gets_links_and_who_leaves_gets_none(use: GroupUse) -> None:
    """Once the app has read the group again, or has let the mailbox go. Who returns gets the missing links."""
    with open_town(rules=TenantRules(uses_group=use)) as town:
        town.change_group(0)
        rest(town)
        create(town)
        assert [event.now.is_online for event in town.people.events.values()] == [False]

        town.change_group(0)
        rest(town)
        create(town)
        assert [event.now.is_online for event in town.people.events.values()] == [True, True]


def rest(town: Town) -> None:
    """Let half a day pass, with the timer."""
    for _ in range(3):
        town.drain(until=town.now + timedelta(hours=4))
        town.maintain(town.workers[0])


def create(town: Town) -> None:
    """Create a meeting with a guest from outside, and handle its messages."""
    town.people.create(0, is_external=True)
    town.settle()
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


_FIRST_RULES = {
    "limits-per-process": TenantRules(per_hour=1),
    "keep-charge": TenantRules(per_hour=1),
    "stale-group": TenantRules(uses_group=GroupUse.RULE),
    "empty-group": TenantRules(uses_group=GroupUse.RULE),
}


def leave_group(town: Town) -> None:
    create(town)
    town.change_group(0)
    rest(town)
    create(town)


def fail_to_read_group(town: Town) -> None:
    town.fail_graph("group 503", 2)
    create(town)


def leave_scope(town: Town) -> None:
    town.change_rules(replace(town.rules.now, uses_group=GroupUse.SCOPE))
    town.change_group(1)
    town.calm_down()


def refuse_tokens(town: Town) -> None:
    create(town)
    town.tokens.faults.extend([TokenFault.USELESS] * 2)
    town.revoke_tokens()
    town.people.create(0, is_external=True)
    town.settle()
    town.run(town.workers[0])
    town.run(town.workers[1])
    town.calm_down()


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
        ("stale-group", "unwanted", leave_group),
        ("empty-group", "unjustified", fail_to_read_group),
        ("keep-mailbox", "still watched", leave_scope),
        ("keep-token", "stuck", refuse_tokens),
        ("drop-on-401", "dropped", refuse_tokens),
    ],
)
def test_a_planted_bug_is_found(bug: str, violation: str, story: Callable[[Town], None]) -> None:
    """Each breaks a promise in its shortest story; without the bug the same story keeps all."""
    first = _FIRST_RULES.get(bug, TenantRules())
    with open_town(rules=first) as town:
        story(town)
    with PLANTED[bug](), open_town(rules=first) as town, pytest.raises(BrokenPromise, match=violation):
        story(town)
