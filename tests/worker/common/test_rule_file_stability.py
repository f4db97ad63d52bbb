"""Rule files are changed one after the other, and the state in between never comes into force."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.worker.common.rule_deployment import BAD, BETTER, GOOD, Deployment, FakeRuleStore, files

SKIP = b"version: 1\nrules: [{id: skip, mode: enforce, when: {subject: x}, action: skip}]"
QUARTER = timedelta(minutes=15)

LogLines = Callable[[], list[dict[str, Any]]]


def test_changed_files_count_when_they_were_seen_twice(log_lines: LogLines) -> None:
    """The two checks are a minute apart. Until then the old rules decide, and the log shows the change."""
    app = Deployment(a=GOOD)
    process = app.process()
    process.rules()
    app.put(a=BETTER)
    app.wait()
    seen = process.rules()
    app.wait(timedelta(seconds=59))
    still = process.rules()
    app.wait(timedelta(seconds=1))

    assert [seen, still, process.rules()] == [["a"], ["a"], ["b"]]
    first, changed, second = log_lines()
    assert [line["event"] for line in (first, changed, second)] == [
        "rules.loaded",
        "rules.changed",
        "rules.loaded",
    ]
    assert changed["policy"] == first["policy"]


def test_a_sync_that_has_only_deleted_so_far_does_not_count() -> None:
    """The file that enables is a valid policy by itself, but comes into force only with the one that skips."""
    app = Deployment(a=SKIP, b=GOOD)
    process = app.process()
    in_force = [process.rules()]
    app.put(b=GOOD)
    app.wait()
    in_force.append(process.rules())
    app.put(aa=SKIP, b=GOOD)
    for _ in range(2):
        app.wait()
        in_force.append(process.rules())

    assert in_force == [["skip", "a"]] * 4


def test_an_error_between_two_uploads_is_not_logged(log_lines: LogLines) -> None:
    """Such as a rule that moves from one file to another, and for a moment is in both."""
    app = Deployment(a=GOOD)
    process = app.process()
    process.rules()
    for contents in ({"a": GOOD, "b": GOOD}, {"b": GOOD}, {"b": GOOD}):
        app.put(**contents)
        app.wait()
        process.rules()

    assert "rules.refused" not in [line["event"] for line in log_lines()]


def test_files_must_be_seen_twice_in_a_row() -> None:
    """If they differed in between, they may change again."""
    app = Deployment(a=GOOD)
    process = app.process()
    process.rules()
    for content in (BETTER, GOOD, BETTER):
        app.put(a=content)
        app.wait()
        assert process.rules() == ["a"]
    app.wait()

    assert process.rules() == ["b"]


def test_a_new_process_loads_the_last_good_files_at_once() -> None:
    """No message waits after a restart. The folder may have another name, such as a container's."""
    app = Deployment(FakeRuleStore(*files("elsewhere", a=GOOD)), a=GOOD)

    assert app.process().rules() == ["a"]


def test_messages_wait_in_a_new_process_with_changed_files() -> None:
    """It can't know whether they are complete, nor when the last good ones were replaced."""
    app = Deployment(FakeRuleStore(*files(a=GOOD)), a=BETTER)
    process = app.process()
    before = process.rules()
    app.wait()

    assert (before, process.rules()) == (None, ["b"])


def test_the_very_first_rules_are_in_force_at_once() -> None:
    """They can't be half of a change."""
    assert Deployment(a=GOOD).process().rules() == ["a"]


def test_the_first_files_in_an_empty_folder_must_be_complete() -> None:
    """Somebody may still be copying them."""
    app = Deployment()
    process = app.process()
    process.rules()
    app.put(b=GOOD)
    app.wait()
    half = process.rules()
    app.put(a=SKIP, b=GOOD)
    for _ in range(2):
        app.wait()
        whole = process.rules()

    assert (half, whole) == (None, ["skip", "a"])


def test_processes_that_check_once_share_what_they_saw() -> None:
    """The timer may run in a new process each time, so a check by an earlier process counts."""
    app = Deployment(FakeRuleStore(*files(a=GOOD)), a=BETTER)
    first = app.process().rules()
    app.wait(QUARTER)

    assert (first, app.process().rules()) == (None, ["b"])


def test_two_checks_within_a_minute_count_as_one() -> None:
    """Two processes may check in the same second of a sync."""
    app = Deployment(FakeRuleStore(*files(a=GOOD)), a=BETTER)
    app.process().rules()
    app.wait(timedelta(seconds=59))

    assert app.process().rules() is None


def test_files_that_another_process_has_loaded_count_at_once() -> None:
    """That process has waited already."""
    app = Deployment(a=GOOD)
    process = app.process()
    process.rules()
    app.put(a=BETTER)
    app.store.keep(files(a=BETTER))
    app.wait()

    assert process.rules() == ["b"]


@pytest.mark.parametrize("new", [pytest.param(BETTER, id="good"), pytest.param(BAD, id="broken")])
def test_rules_that_were_replaced_long_ago_decide_nothing(new: bytes) -> None:
    """An idle process has not checked for a while, so messages wait for a minute."""
    app = Deployment(a=GOOD)
    process = app.process()
    process.rules()
    app.put(a=new)
    app.wait(QUARTER)
    at_first = process.rules()
    app.wait()

    assert (at_first, process.rules()) == (None, ["b"] if new == BETTER else ["a"])


def test_a_failed_check_does_not_bring_back_replaced_rules(log_lines: LogLines) -> None:
    """A container that is being changed may fail to answer."""
    app = Deployment(a=GOOD)
    process = app.process()
    process.rules()
    new = files(a=BETTER)
    in_force = []
    for files_now in (new, None, new):
        app.files = files_now
        app.wait(QUARTER)
        in_force.append(process.rules())

    assert in_force == [None, None, ["b"]]
    assert [line["policy"] for line in log_lines() if line["event"] == "rules.refused"] == [None]


def test_without_the_store_two_checks_are_enough() -> None:
    """The checks of other processes only save time."""
    app = Deployment(a=GOOD)
    process = app.process()
    process.rules()
    app.store.is_down = True
    app.put(a=BETTER)
    app.wait()
    before = process.rules()
    app.wait()

    assert (before, process.rules()) == (["a"], ["b"])


def test_half_a_sync_does_not_count_without_the_store() -> None:
    """The file that skips is missing, and the store that has the last good files does not answer."""
    app = Deployment(FakeRuleStore(*files(a=SKIP, b=GOOD)), b=GOOD)
    app.store.is_down = True
    process = app.process()
    half = process.rules()
    app.put(a=SKIP, b=GOOD)
    for _ in range(2):
        app.wait()
        whole = process.rules()

    assert (half, whole) == (None, ["skip", "a"])


def test_a_clock_set_back_does_not_count_a_check_twice() -> None:
    """Two checks at the same moment see the same half of a sync."""
    app = Deployment(FakeRuleStore(*files(a=SKIP, b=GOOD)), b=GOOD)
    process = app.process()
    app.store.is_down = True
    first = process.rules()
    app.wait(timedelta(milliseconds=-5))

    assert (first, process.rules()) == (None, None)


def test_an_idle_process_that_cannot_read_the_files_uses_the_last_good_ones() -> None:
    """Another process stored them; its own may have been replaced hours ago."""
    app = Deployment(a=GOOD)
    idle = app.process()
    idle.rules()
    app.store.keep(files(a=BETTER))
    app.lock()
    app.wait(8 * timedelta(hours=1))

    assert idle.rules() == ["b"]
