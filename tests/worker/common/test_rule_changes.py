"""Rule files are changed one after the other: what lies there in between is not taken for a policy."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.worker.common.rules_desk import BAD, BETTER, GOOD, Desk, Shelf, files

SKIP = b"version: 1\nrules: [{id: skip, mode: enforce, when: {subject: x}, action: skip}]"
QUARTER = timedelta(minutes=15)

Said = Callable[[], list[dict[str, Any]]]


def test_a_change_is_taken_once_it_was_seen_twice(said: Said) -> None:
    """A minute apart; until then the old rules go on, and the log says what is going on."""
    desk = Desk(a=GOOD)
    process = desk.process()
    process.rules()
    desk.put(a=BETTER)
    desk.wait()
    seen = process.rules()
    desk.wait(timedelta(seconds=59))
    still = process.rules()
    desk.wait(timedelta(seconds=1))

    assert [seen, still, process.rules()] == [["a"], ["a"], ["b"]]
    first, changed, second = said()
    assert [line["event"] for line in (first, changed, second)] == [
        "rules.loaded",
        "rules.changed",
        "rules.loaded",
    ]
    assert changed["policy"] == first["policy"]


def test_a_sync_that_has_only_deleted_so_far_is_waited_for() -> None:
    """The file that enables is a valid policy by itself; it comes into force only with the one that skips."""
    desk = Desk(a=SKIP, b=GOOD)
    process = desk.process()
    in_force = [process.rules()]
    desk.put(b=GOOD)
    desk.wait()
    in_force.append(process.rules())
    desk.put(aa=SKIP, b=GOOD)
    for _ in range(2):
        desk.wait()
        in_force.append(process.rules())

    assert in_force == [["skip", "a"]] * 4


def test_a_mistake_that_lasts_a_moment_alarms_nobody(said: Said) -> None:
    """Such as a rule on its way from one file into another, which for a moment is in both."""
    desk = Desk(a=GOOD)
    process = desk.process()
    process.rules()
    for contents in ({"a": GOOD, "b": GOOD}, {"b": GOOD}, {"b": GOOD}):
        desk.put(**contents)
        desk.wait()
        process.rules()

    assert "rules.refused" not in [line["event"] for line in said()]


def test_twice_means_in_a_row() -> None:
    """What was something else in between may be so again."""
    desk = Desk(a=GOOD)
    process = desk.process()
    process.rules()
    for content in (BETTER, GOOD, BETTER):
        desk.put(a=content)
        desk.wait()
        assert process.rules() == ["a"]
    desk.wait()

    assert process.rules() == ["b"]


def test_a_new_process_takes_what_was_in_force_at_once() -> None:
    """Nobody waits after a restart; the folder may have another name, as with a container in its place."""
    desk = Desk(Shelf(*files("elsewhere", a=GOOD)), a=GOOD)

    assert desk.process().rules() == ["a"]


def test_a_new_process_under_other_files_makes_messages_wait() -> None:
    """It can't know whether they are half of a sync, nor how long ago the ones that were kept were replaced."""
    desk = Desk(Shelf(*files(a=GOOD)), a=BETTER)
    process = desk.process()
    before = process.rules()
    desk.wait()

    assert (before, process.rules()) == (None, ["b"])


def test_the_very_first_rules_are_in_force_at_once() -> None:
    """There are none before them that could go on."""
    assert Desk(a=GOOD).process().rules() == ["a"]


def test_the_first_rules_in_a_place_that_was_empty_are_waited_for() -> None:
    """Somebody is just bringing them."""
    desk = Desk()
    process = desk.process()
    process.rules()
    desk.put(b=GOOD)
    desk.wait()
    half = process.rules()
    desk.put(a=SKIP, b=GOOD)
    for _ in range(2):
        desk.wait()
        whole = process.rules()

    assert (half, whole) == (None, ["skip", "a"])


def test_processes_that_look_once_come_to_new_rules_together() -> None:
    """The timer may run in a new process each time: what one has seen, the next need not see twice."""
    desk = Desk(Shelf(*files(a=GOOD)), a=BETTER)
    first = desk.process().rules()
    desk.wait(QUARTER)

    assert (first, desk.process().rules()) == (None, ["b"])


def test_what_another_process_has_just_seen_is_not_yet_seen_twice() -> None:
    """Two of them look within the same second of a sync."""
    desk = Desk(Shelf(*files(a=GOOD)), a=BETTER)
    desk.process().rules()
    desk.wait(timedelta(seconds=59))

    assert desk.process().rules() is None


def test_what_another_process_has_taken_is_taken_at_once() -> None:
    """It has waited already."""
    desk = Desk(a=GOOD)
    process = desk.process()
    process.rules()
    desk.put(a=BETTER)
    desk.shelf.keep(files(a=BETTER))
    desk.wait()

    assert process.rules() == ["b"]


@pytest.mark.parametrize("new", [pytest.param(BETTER, id="good"), pytest.param(BAD, id="broken")])
def test_no_event_is_decided_by_rules_that_were_replaced_long_ago(new: bytes) -> None:
    """A quiet app has not looked for a while: messages wait for a minute, until it knows."""
    desk = Desk(a=GOOD)
    process = desk.process()
    process.rules()
    desk.put(a=new)
    desk.wait(QUARTER)
    at_first = process.rules()
    desk.wait()

    assert (at_first, process.rules()) == (None, ["b"] if new == BETTER else ["a"])


def test_a_look_that_fails_does_not_bring_replaced_rules_back(said: Said) -> None:
    """A container that is being changed may well refuse to be read."""
    desk = Desk(a=GOOD)
    process = desk.process()
    process.rules()
    new = files(a=BETTER)
    in_force = []
    for files_now in (new, None, new):
        desk.files = files_now
        desk.wait(QUARTER)
        in_force.append(process.rules())

    assert in_force == [None, None, ["b"]]
    assert [line["policy"] for line in said() if line["event"] == "rules.refused"] == [None]


def test_without_a_shelf_two_looks_are_enough() -> None:
    """What other processes have seen is a help, not a need."""
    desk = Desk(a=GOOD)
    process = desk.process()
    process.rules()
    desk.shelf.is_broken = True
    desk.put(a=BETTER)
    desk.wait()
    before = process.rules()
    desk.wait()

    assert (before, process.rules()) == (["a"], ["b"])


def test_a_half_of_a_sync_is_waited_for_where_nobody_can_tell_what_was_in_force() -> None:
    """The file that skips is missing just now, and the shelf is out of reach."""
    desk = Desk(Shelf(*files(a=SKIP, b=GOOD)), b=GOOD)
    desk.shelf.is_broken = True
    process = desk.process()
    half = process.rules()
    desk.put(a=SKIP, b=GOOD)
    for _ in range(2):
        desk.wait()
        whole = process.rules()

    assert (half, whole) == (None, ["skip", "a"])


def test_a_clock_that_is_set_back_makes_no_second_look_of_the_first() -> None:
    """Two looks in one instant see one half of a sync twice."""
    desk = Desk(Shelf(*files(a=SKIP, b=GOOD)), b=GOOD)
    process = desk.process()
    desk.shelf.is_broken = True
    first = process.rules()
    desk.wait(timedelta(milliseconds=-5))

    assert (first, process.rules()) == (None, None)


def test_an_idle_process_that_can_not_look_follows_what_others_have_taken() -> None:
    """Its own rules may have been withdrawn hours ago."""
    desk = Desk(a=GOOD)
    idle = desk.process()
    idle.rules()
    desk.shelf.keep(files(a=BETTER))
    desk.lock()
    desk.wait(8 * timedelta(hours=1))

    assert idle.rules() == ["b"]
