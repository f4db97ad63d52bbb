import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from shared import logs
from shared.errors import StorageUnavailable
from shared.rules.loader import RuleFile
from shared.worker.policies import Policies

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
GOOD = b"version: 1\nrules: [{id: a, mode: enforce, when: {attendees: 1}}]"
BETTER = b"version: 1\nrules: [{id: b, mode: enforce, when: {attendees: 2}}]"
BAD = b"version: 1\nrules: ]"


class Desk:
    """An admin's desk: a clock, and a rule file that can be changed or made unreadable."""

    def __init__(self, content: bytes | None) -> None:
        self.now = START
        self.content = content
        self.reads = 0

    def read(self) -> tuple[RuleFile, ...]:
        self.reads += 1
        if self.content is None:
            raise PermissionError(13, "Permission denied", "a/private/path")
        return (RuleFile("rules/a.yaml", self.content),)


class Shelf:
    """Where the last good files are kept; it may be out of reach."""

    def __init__(
        self, files: tuple[RuleFile, ...] = (), *, broken: bool = False, damaged: bool = False
    ) -> None:
        self.files = files
        self.broken = broken
        self.damaged = damaged

    def read(self) -> tuple[RuleFile, ...]:
        self._reach()
        if self.damaged:
            raise StorageUnavailable("last-good-rules.json in container joinlink is damaged")
        return self.files

    def keep(self, files: tuple[RuleFile, ...]) -> None:
        self._reach()
        self.files, self.damaged = files, False

    def _reach(self) -> None:
        if self.broken:
            raise StorageUnavailable("blob container joinlink did not answer as it should")


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    logs.configure("INFO")
    caplog.set_level(logging.INFO, "joinlink")
    return caplog


def events(said: pytest.LogCaptureFixture) -> list[str]:
    return [json.loads(record.getMessage())["event"] for record in said.records]


def test_rules_are_looked_at_once_a_minute(said: pytest.LogCaptureFixture) -> None:
    """However many events are decided meanwhile; the log says when a policy comes into force."""
    desk = Desk(GOOD)
    policies = Policies(desk, Shelf(), lambda: desk.now)
    first = [policies.current() for _ in range(100)]
    desk.content = BETTER
    desk.now += timedelta(seconds=59)
    still = policies.current()
    desk.now += timedelta(seconds=1)
    changed = policies.current()

    assert [policy.rules[0].id for policy in (first[99], still, changed) if policy] == ["a", "a", "b"]
    assert desk.reads == 2
    assert events(said) == ["rules.loaded", "rules.loaded"]


def test_a_clock_that_is_set_back_does_not_stop_the_looks() -> None:
    """Or new rules would wait until it has caught up."""
    desk = Desk(GOOD)
    policies = Policies(desk, Shelf(), lambda: desk.now)
    policies.current()
    desk.now -= timedelta(hours=3)
    for _ in range(3):
        policies.current()
        desk.now += timedelta(minutes=1)

    assert desk.reads == 4


@pytest.mark.parametrize("broken", [pytest.param(BAD, id="a typo"), pytest.param(None, id="not to be read")])
def test_the_last_good_policy_stays_in_force(said: pytest.LogCaptureFixture, broken: bytes | None) -> None:
    """Loudly; and once mended, the new one is taken."""
    desk = Desk(GOOD)
    policies = Policies(desk, Shelf(), lambda: desk.now)
    good = policies.current()
    desk.content, desk.now = broken, desk.now + timedelta(minutes=1)
    assert policies.current() is good
    desk.content, desk.now = BETTER, desk.now + timedelta(minutes=1)
    mended = policies.current()

    assert mended is not None
    assert mended.rules[0].id == "b"
    assert events(said) == ["rules.loaded", "rules.refused", "rules.loaded"]
    assert "private" not in said.text


def test_a_refusal_names_the_file_that_cannot_be_read(said: pytest.LogCaptureFixture) -> None:
    """By its name alone: where it lies is nobody's business."""
    Policies(Desk(None), Shelf(), lambda: START).current()
    [line] = [json.loads(record.getMessage()) for record in said.records]

    assert line["problems"] == ["the rule files can't be read: path: Permission denied"]


def test_without_a_valid_policy_there_is_none(said: pytest.LogCaptureFixture) -> None:
    """Then nothing is decided, rather than something wrong."""
    desk = Desk(BAD)

    assert Policies(desk, Shelf(), lambda: desk.now).current() is None
    assert events(said) == ["rules.refused"]


def test_a_restart_under_a_broken_file_takes_what_was_in_force_before(said: pytest.LogCaptureFixture) -> None:
    """The process before kept its files; the log says that these are old ones."""
    shelf, desk = Shelf(), Desk(GOOD)
    before = Policies(desk, shelf, lambda: desk.now).current()
    desk.content = BAD
    after = Policies(desk, shelf, lambda: desk.now).current()

    assert before is not None
    assert after is not None
    assert before.hash == after.hash
    assert events(said) == ["rules.loaded", "rules.loaded", "rules.refused"]


def test_a_shelf_that_comes_back_is_looked_at_again(said: pytest.LogCaptureFixture) -> None:
    """Under broken files and without a shelf there is no policy; a minute later there is the last good one."""
    shelf, desk = Shelf((RuleFile("rules/a.yaml", GOOD),), broken=True), Desk(BAD)
    policies = Policies(desk, shelf, lambda: desk.now)
    before = policies.current()
    shelf.broken, desk.now = False, desk.now + timedelta(minutes=1)

    assert before is None
    assert policies.current() is not None
    assert events(said) == ["rules.keep_failed", "rules.refused", "rules.loaded", "rules.refused"]


def test_a_refusal_names_what_is_wrong_and_not_what_is_odd(said: pytest.LogCaptureFixture) -> None:
    """However many warnings there are beside the one error."""
    odd = "".join(f"  - {{id: r{n}, mode: enforce, when: {{attendees: {n}}}}}\n" for n in range(30))
    Policies(
        Desk(f"version: 1\nrules:\n{odd}  - {{id: x, wen: 1}}".encode()), Shelf(), lambda: START
    ).current()
    [line] = [json.loads(record.getMessage()) for record in said.records]

    assert any('unknown key "wen"' in problem for problem in line["problems"])


def test_a_shelf_out_of_reach_stops_nothing(said: pytest.LogCaptureFixture) -> None:
    """Good rules are in force all the same; the log warns."""
    desk = Desk(GOOD)

    assert Policies(desk, Shelf(broken=True), lambda: desk.now).current() is not None
    assert events(said) == ["rules.loaded", "rules.keep_failed"]


def test_what_could_not_be_kept_is_kept_later() -> None:
    """Or a restart under broken files would bring back rules that were replaced long ago."""
    desk, shelf = Desk(BETTER), Shelf((RuleFile("rules/a.yaml", GOOD),), broken=True)
    policies = Policies(desk, shelf, lambda: desk.now)
    policies.current()
    shelf.broken, desk.content, desk.now = False, BAD, desk.now + timedelta(minutes=1)
    policies.current()

    assert shelf.files == (RuleFile("rules/a.yaml", BETTER),)


def test_what_was_kept_and_is_damaged_is_replaced() -> None:
    """By the rules in force; nobody needs to delete it first."""
    desk, shelf = Desk(GOOD), Shelf(damaged=True)
    Policies(desk, shelf, lambda: desk.now).current()

    assert shelf.files == desk.read()
