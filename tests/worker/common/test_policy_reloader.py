import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest

from shared.rule_files.loader import RuleFile
from shared.version import VERSION
from tests.worker.common.rule_deployment import BAD, BETTER, GOOD, MINUTE, Deployment, FakeRuleStore, files

LogLines = Callable[[], list[dict[str, Any]]]


def test_rule_files_are_read_once_a_minute(log_lines: LogLines) -> None:
    """The number of decisions in between does not matter. The log shows when a policy comes into force."""
    app = Deployment(a=GOOD)
    process = app.process()
    for _ in range(100):
        assert process.rules() == ["a"]
    app.wait(timedelta(seconds=59))
    process.rules()
    before = app.reads
    app.wait(timedelta(seconds=1))
    process.rules()

    assert (before, app.reads) == (1, 2)
    assert [(line["event"], line["version"]) for line in log_lines()] == [("rules.loaded", VERSION)]


def test_a_clock_set_back_does_not_stop_the_checks() -> None:
    """Otherwise new rules would wait until it has caught up."""
    app = Deployment(a=GOOD)
    process = app.process()
    process.rules()
    app.wait(-timedelta(hours=3))
    app.put(a=BETTER)
    for _ in range(3):
        process.rules()
        app.wait()

    assert process.rules() == ["b"]
    assert app.reads == 5


@pytest.mark.parametrize(
    ("spoil", "repeats"),
    [
        pytest.param(lambda app: app.put(a=BAD), 1, id="a typo"),
        pytest.param(Deployment.lock, 2, id="unreadable"),
        pytest.param(Deployment.put, 1, id="no files"),
    ],
)
def test_the_last_good_policy_stays_in_force(
    spoil: Callable[[Deployment], None], repeats: int, log_lines: LogLines
) -> None:
    """The log has the errors; when they are fixed, the new policy comes into force."""
    app = Deployment(a=GOOD)
    process = app.process()
    process.rules()
    spoil(app)
    for _ in range(2):
        app.wait()
        assert process.rules() == ["a"]
    app.put(a=BETTER)
    for _ in range(2):
        app.wait()
        fixed = process.rules()

    assert fixed == ["b"]
    logged = [line["event"] for line in log_lines() if line["event"] != "rules.changed"]
    assert logged == ["rules.loaded", *["rules.refused"] * repeats, "rules.loaded"]
    assert "private" not in str(log_lines())


def test_a_refusal_names_the_file_that_cannot_be_read(log_lines: LogLines) -> None:
    """The log has only its name, because its path may be private."""
    app = Deployment()
    app.lock()
    app.process().rules()
    [line] = log_lines()

    assert line["problems"] == ["the rule files can't be read: path: Permission denied"]


def test_without_valid_rules_no_policy_is_in_force(log_lines: LogLines) -> None:
    """Then nothing is decided."""
    assert Deployment(a=BAD).process().rules() is None
    assert [line["event"] for line in log_lines()] == ["rules.refused"]


def test_a_refusal_lists_errors_not_warnings(log_lines: LogLines) -> None:
    """Thirty warnings do not hide the one error."""
    warned = "".join(f"  - {{id: r{n}, mode: enforce, when: {{attendees: {n}}}}}\n" for n in range(30))
    Deployment(a=f"version: 1\nrules:\n{warned}  - {{id: x, wen: 1}}".encode()).process().rules()
    [line] = log_lines()

    assert any('unknown key "wen"' in problem for problem in line["problems"])


def test_a_restart_with_a_broken_file_uses_the_last_good_rules(log_lines: LogLines) -> None:
    """The earlier process stored its files; the log shows that these are old ones."""
    app = Deployment(a=GOOD)
    app.process().rules()
    app.put(a=BAD)
    after = app.process()
    after.rules()
    app.wait()

    assert after.rules() == ["a"]
    first, _changed, second, refused = log_lines()
    assert [line["event"] for line in (first, second, refused)] == ["rules.loaded"] * 2 + ["rules.refused"]
    assert (first["policy"], first["kept"], second["kept"]) == (second["policy"], False, True)


def test_a_store_that_answers_again_is_read_again(log_lines: LogLines) -> None:
    """With broken files and no store there is no policy; a minute later the last good one is in force."""
    app = Deployment(FakeRuleStore(*files(a=GOOD)), a=BAD)
    process = app.process()
    app.store.is_down = True
    before = process.rules()
    app.store.is_down = False
    app.wait()

    assert before is None
    assert process.rules() == ["a"]
    expected = ["rules.changed", "rules.loaded", "rules.refused"]
    assert expected == [line["event"] for line in log_lines()]


def test_good_rules_come_into_force_without_the_store(log_lines: LogLines) -> None:
    """They must be seen twice, because the process can't know which rules were in force before."""
    app = Deployment(a=GOOD)
    app.store.is_down = True
    process = app.process()
    before = process.rules()
    app.wait()

    assert (before, process.rules()) == (None, ["a"])
    assert [line["event"] for line in log_lines()] == ["rules.changed", "rules.loaded", "rules.keep_failed"]


def test_files_that_could_not_be_stored_are_stored_later() -> None:
    """Otherwise a restart with broken files would bring back rules that were replaced long ago."""
    app = Deployment(FakeRuleStore(*files(a=GOOD)), a=BETTER)
    app.store.is_down = True
    process = app.process()
    for _ in range(2):
        process.rules()
        app.wait()
    app.store.is_down = False
    app.put(a=BAD)
    for _ in range(2):
        app.wait()
        process.rules()

    assert app.store.files == files(a=BETTER)


def test_a_damaged_store_is_overwritten() -> None:
    """The rules in force replace what it has; nobody needs to delete it first."""
    app = Deployment(a=GOOD)
    app.store.is_damaged = True
    process = app.process()
    for _ in range(2):
        process.rules()
        app.wait()

    assert app.store.files == app.files


def test_rules_that_are_being_replaced_are_not_stored() -> None:
    """While a process waits for changed files to be complete, another may have loaded and stored them."""
    app = Deployment(a=GOOD)
    slow = app.process()
    app.store.is_down = True
    slow.rules()
    app.store.is_down = False
    app.put(a=BETTER)
    app.wait(MINUTE)
    slow.rules()

    assert app.store.files == ()


def test_a_slow_check_does_not_delay_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that hangs delays new rules; events are decided by the old ones."""
    app, may_answer = Deployment(a=GOOD), Event()
    process = app.process()
    process.rules()
    app.wait()
    read = app.read

    def hang() -> tuple[RuleFile, ...]:
        may_answer.wait(5)
        return read()

    monkeypatch.setattr(app, "read", hang)
    checking = Thread(target=process.rules)
    checking.start()
    while not process.policies._flight.is_running:
        checking.join(0.001)
    found = [process.rules() for _ in range(32)]
    may_answer.set()
    checking.join()

    assert found == [["a"]] * 32
    assert app.reads == 2


def test_messages_wait_while_the_first_check_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were no valid rules. No thread waits longer than its limit."""
    monkeypatch.setattr("shared.worker.common.policy_reloader.PATIENCE", timedelta(seconds=0.1))
    app, may_answer = Deployment(a=GOOD), Event()
    read = app.read

    def hang() -> tuple[RuleFile, ...]:
        may_answer.wait(5)
        return read()

    monkeypatch.setattr(app, "read", hang)
    process = app.process()
    with ThreadPoolExecutor(32) as threads:
        found = list(threads.map(lambda _: process.policies.current(), range(32)))
    may_answer.set()
    for thread in threading.enumerate():
        if thread.name == "single-flight":
            thread.join(5)

    assert found == [None] * 32
    assert process.rules() == ["a"]
    assert app.reads == 1
