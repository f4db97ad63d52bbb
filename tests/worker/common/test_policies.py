import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest

from shared.rule_files.loader import RuleFile
from shared.version import VERSION
from tests.worker.common.rules_desk import BAD, BETTER, GOOD, MINUTE, Desk, Shelf, files

Said = Callable[[], list[dict[str, Any]]]


def test_rules_are_looked_at_once_a_minute(said: Said) -> None:
    """However many events are decided meanwhile; the log says when a policy comes into force."""
    desk = Desk(a=GOOD)
    process = desk.process()
    for _ in range(100):
        assert process.rules() == ["a"]
    desk.wait(timedelta(seconds=59))
    process.rules()
    before = desk.reads
    desk.wait(timedelta(seconds=1))
    process.rules()

    assert (before, desk.reads) == (1, 2)
    assert [(line["event"], line["version"]) for line in said()] == [("rules.loaded", VERSION)]


def test_a_clock_that_is_set_back_does_not_stop_the_looks() -> None:
    """Or new rules would wait until it has caught up."""
    desk = Desk(a=GOOD)
    process = desk.process()
    process.rules()
    desk.wait(-timedelta(hours=3))
    desk.put(a=BETTER)
    for _ in range(3):
        process.rules()
        desk.wait()

    assert process.rules() == ["b"]
    assert desk.reads == 5


@pytest.mark.parametrize(
    ("spoil", "repeats"),
    [
        pytest.param(lambda desk: desk.put(a=BAD), 1, id="a typo"),
        pytest.param(Desk.lock, 2, id="not to be read"),
        pytest.param(Desk.put, 1, id="no files"),
    ],
)
def test_the_last_good_policy_stays_in_force(spoil: Callable[[Desk], None], repeats: int, said: Said) -> None:
    """Loudly; and once mended, the new one is taken."""
    desk = Desk(a=GOOD)
    process = desk.process()
    process.rules()
    spoil(desk)
    for _ in range(2):
        desk.wait()
        assert process.rules() == ["a"]
    desk.put(a=BETTER)
    for _ in range(2):
        desk.wait()
        mended = process.rules()

    assert mended == ["b"]
    told = [line["event"] for line in said() if line["event"] != "rules.changed"]
    assert told == ["rules.loaded", *["rules.refused"] * repeats, "rules.loaded"]
    assert "private" not in str(said())


def test_a_refusal_names_the_file_that_cannot_be_read(said: Said) -> None:
    """By its name alone: where it lies is nobody's business."""
    desk = Desk()
    desk.lock()
    desk.process().rules()
    [line] = said()

    assert line["problems"] == ["the rule files can't be read: path: Permission denied"]


def test_without_a_valid_policy_there_is_none(said: Said) -> None:
    """Then nothing is decided, rather than something wrong."""
    assert Desk(a=BAD).process().rules() is None
    assert [line["event"] for line in said()] == ["rules.refused"]


def test_a_refusal_names_what_is_wrong_and_not_what_is_odd(said: Said) -> None:
    """However many warnings there are beside the one error."""
    odd = "".join(f"  - {{id: r{n}, mode: enforce, when: {{attendees: {n}}}}}\n" for n in range(30))
    Desk(a=f"version: 1\nrules:\n{odd}  - {{id: x, wen: 1}}".encode()).process().rules()
    [line] = said()

    assert any('unknown key "wen"' in problem for problem in line["problems"])


def test_a_restart_under_a_broken_file_takes_what_was_in_force_before(said: Said) -> None:
    """The process before kept its files; the log says that these are old ones."""
    desk = Desk(a=GOOD)
    desk.process().rules()
    desk.put(a=BAD)
    after = desk.process()
    after.rules()
    desk.wait()

    assert after.rules() == ["a"]
    first, _changed, second, refused = said()
    assert [line["event"] for line in (first, second, refused)] == ["rules.loaded"] * 2 + ["rules.refused"]
    assert (first["policy"], first["kept"], second["kept"]) == (second["policy"], False, True)


def test_a_shelf_that_comes_back_is_looked_at_again(said: Said) -> None:
    """Under broken files and without a shelf there is no policy; a minute later there is the last good one."""
    desk = Desk(Shelf(*files(a=GOOD)), a=BAD)
    process = desk.process()
    desk.shelf.is_broken = True
    before = process.rules()
    desk.shelf.is_broken = False
    desk.wait()

    assert before is None
    assert process.rules() == ["a"]
    told = ["rules.changed", "rules.loaded", "rules.refused"]
    assert told == [line["event"] for line in said()]


def test_a_shelf_out_of_reach_stops_nothing(said: Said) -> None:
    """Good rules are in force once they were seen twice: what was in force before can't be told."""
    desk = Desk(a=GOOD)
    desk.shelf.is_broken = True
    process = desk.process()
    before = process.rules()
    desk.wait()

    assert (before, process.rules()) == (None, ["a"])
    assert [line["event"] for line in said()] == ["rules.changed", "rules.loaded", "rules.keep_failed"]


def test_what_could_not_be_kept_is_kept_later() -> None:
    """Or a restart under broken files would bring back rules that were replaced long ago."""
    desk = Desk(Shelf(*files(a=GOOD)), a=BETTER)
    desk.shelf.is_broken = True
    process = desk.process()
    for _ in range(2):
        process.rules()
        desk.wait()
    desk.shelf.is_broken = False
    desk.put(a=BAD)
    for _ in range(2):
        desk.wait()
        process.rules()

    assert desk.shelf.files == files(a=BETTER)


def test_what_was_kept_and_is_damaged_is_replaced() -> None:
    """By the rules in force; nobody needs to delete it first."""
    desk = Desk(a=GOOD)
    desk.shelf.is_damaged = True
    process = desk.process()
    for _ in range(2):
        process.rules()
        desk.wait()

    assert desk.shelf.files == desk.files


def test_what_is_in_force_no_more_is_not_kept() -> None:
    """While a process waits for what has changed, another may have taken and kept it."""
    desk = Desk(a=GOOD)
    slow = desk.process()
    desk.shelf.is_broken = True
    slow.rules()
    desk.shelf.is_broken = False
    desk.put(a=BETTER)
    desk.wait(MINUTE)
    slow.rules()

    assert desk.shelf.files == ()


def test_a_slow_look_holds_nobody_who_has_a_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that hangs delays new rules, not the events that the old ones decide."""
    desk, may_answer = Desk(a=GOOD), Event()
    process = desk.process()
    process.rules()
    desk.wait()
    look = desk.read

    def hang() -> tuple[RuleFile, ...]:
        may_answer.wait(5)
        return look()

    monkeypatch.setattr(desk, "read", hang)
    asking = Thread(target=process.rules)
    asking.start()
    while not process.policies._flight.is_running:
        asking.join(0.001)
    found = [process.rules() for _ in range(32)]
    may_answer.set()
    asking.join()

    assert found == [["a"]] * 32
    assert desk.reads == 2


def test_a_first_look_that_hangs_lets_messages_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where there are no valid rules; no thread is held for longer than its patience."""
    monkeypatch.setattr("shared.worker.common.policies.PATIENCE", timedelta(seconds=0.1))
    desk, may_answer = Desk(a=GOOD), Event()
    look = desk.read

    def hang() -> tuple[RuleFile, ...]:
        may_answer.wait(5)
        return look()

    monkeypatch.setattr(desk, "read", hang)
    process = desk.process()
    with ThreadPoolExecutor(32) as threads:
        found = list(threads.map(lambda _: process.policies.current(), range(32)))
    may_answer.set()
    for thread in threading.enumerate():
        if thread.name == "single-flight":
            thread.join(5)

    assert found == [None] * 32
    assert process.rules() == ["a"]
    assert desk.reads == 1
