import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors import QueueUnavailable
from shared.rule_files.loader import RuleFile
from shared.storage.held_event_index import MOST_COUNTED
from shared.storage.last_good_rules import LastGoodRules
from shared.storage.maintenance_report import MaintenanceReport
from shared.storage.queue_metrics import QueueMetrics
from shared.storage.settings_fingerprint import SettingsFingerprint
from shared.worker.health import checkup as health
from shared.worker.health.checkup import Checkup, judge
from shared.worker.health.facts import HealthFacts
from shared.worker.health.rules_health import RulesInForce, rules_in_force
from shared.worker.health.verdict import ago
from shared.worker.mailboxes.write_memory import MemoryState

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RUN = MaintenanceReport(
    finished=NOW - timedelta(minutes=10),
    scope=3,
    mailboxes={"watched": 3},
    soonest_expiry=NOW + timedelta(days=3),
)
HEALTHY = HealthFacts(
    now=NOW,
    rules=RulesInForce(hash="abc", rules=2, since=NOW - timedelta(days=1)),
    last_run=RUN,
    queues={"event-changes": QueueMetrics(4, timedelta(minutes=1)), "mailbox-tasks": QueueMetrics(0)},
    poison={"event-changes-poison": QueueMetrics(0)},
    memory=MemoryState.WHOLE,
    held_events=0,
)


def test_a_healthy_app_has_no_problems() -> None:
    """A queue with messages is normal."""
    found = judge(HEALTHY)

    assert (found.is_well, found.problems, found.warnings) == (True, (), ())


PROBLEMS = [
    pytest.param({"settings_problems": ("JOINLINK_TENANT_ID is missing",)}, "JOINLINK_TENANT_ID is missing", id="a setting"),
    pytest.param({"token_refused": "get a token: AADSTS7000222"}, "Graph's token is refused: renew the secret", id="the token"),
    pytest.param({"rules": RulesInForce(hash=None, problems=("a.yaml:1:1: odd",))}, "no valid rules are in force", id="no policy"),
    pytest.param({"rules": RulesInForce(hash="abc", problems=("a.yaml:1:1: odd",))}, "policy abc stays in force; the first problem: a.yaml:1:1: odd", id="refused rules"),
    pytest.param({"poison": {"event-changes-poison": QueueMetrics(2)}}, "event-changes-poison holds 2 messages", id="poison"),
    pytest.param({"queues": {"event-changes": QueueMetrics(2, timedelta(hours=3))}}, "event-changes: a message has been waiting for 3 h", id="the worker does not run"),
    pytest.param({"last_run": None}, "maintenance has never finished", id="no maintenance"),
    pytest.param({"last_run": replace(RUN, finished=NOW - timedelta(hours=5))}, "the last maintenance is 5 h old", id="old maintenance"),
    pytest.param({"last_run": replace(RUN, finished=NOW + timedelta(hours=1))}, "set the clock of the machine that ran it", id="maintenance in the future"),
    pytest.param({"last_run": replace(RUN, unfinished_since=NOW - timedelta(hours=7))}, "has not completed its work for 7 h", id="unfinished maintenance"),
    pytest.param({"last_run": replace(RUN, soonest_expiry=NOW + timedelta(hours=3), lapsing=2)}, "not renewed in time (2), and the first ends at 2026-11-23 15:00 UTC", id="no renewal"),
    pytest.param({"memory": MemoryState.MISSING}, "Joinlink writes nothing: the table meetings was deleted, or", id="no memory"),
    pytest.param({"memory": MemoryState.MISSING}, "joinlink memory --accept", id="no memory: the decision"),
    pytest.param({"is_stopped": True}, "it watches no mailbox. Delete the app, or start it again: joinlink unsubscribe --undo", id="stopped"),
    pytest.param({"last_run": replace(RUN, held=12, held_hash="ab")}, "12 mailboxes left the scope in one run and are held", id="held mailboxes"),
    pytest.param({"unread": {"rules": "blob container joinlink did not answer"}}, "rules can't be read: blob container", id="storage"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "problem"), PROBLEMS)
def test_problems(facts: dict[str, Any], problem: str) -> None:
    """Each says what to do."""
    found = judge(replace(HEALTHY, **facts))

    assert not found.is_well
    assert problem in "\n".join(found.problems)


WARNINGS = [
    pytest.param({"unread": {"token": "no answer within 20 s"}}, "the token service does not answer", id="no token service"),
    pytest.param({"held_events": 1}, "1 event is held: Graph did not confirm a write", id="a held event"),
    pytest.param({"held_events": 7}, "7 events are held", id="held events"),
    pytest.param({"held_events": MOST_COUNTED}, f"{MOST_COUNTED} or more events are held", id="more held events than are counted"),
    pytest.param({"last_run": replace(RUN, scope=None)}, "could not read which mailboxes are in scope", id="scope unknown"),
    pytest.param({"last_run": replace(RUN, mailboxes={"unwatched": 2})}, "2 of the mailboxes in scope are not watched yet", id="unwatched"),
    pytest.param({"last_run": replace(RUN, mailboxes={"forbidden": 1})}, "1 of the mailboxes deny Joinlink access", id="forbidden"),
    pytest.param({"last_run": replace(RUN, doubts=("a group shows nobody",))}, "no mailbox is unsubscribed for now: a group shows nobody", id="scope doubtful"),
    pytest.param({"last_run": replace(RUN, mailboxes={"unclear": 1})}, "1 of the mailboxes have a row that Joinlink does not touch", id="unclear rows"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "warning"), WARNINGS)
def test_warnings(facts: dict[str, Any], warning: str) -> None:
    """They do not make the app unhealthy."""
    found = judge(replace(HEALTHY, **facts))

    assert found.is_well
    assert warning in "\n".join(found.warnings)


def test_the_document_has_times_and_ages() -> None:
    """A probe can use any of them."""
    document = judge(HEALTHY).document()

    assert document["healthy"] is True
    assert document["policy"]["age_seconds"] == 86_400
    assert document["maintenance"] == {
        "last": "2026-11-23T11:50:00+00:00",
        "age_seconds": 600,
        "unfinished_since": None,
        "doubts": [],
        "held": 0,
        "confirm": None,
    }
    assert (document["memory"], document["held_events"]) == ("whole", 0)
    assert document["mailboxes"]["in_scope"] == document["mailboxes"]["watched"] == 3
    assert document["queues"]["event-changes"] == {"messages": 4, "oldest_seconds": 60}


APP = SettingsFingerprint(tenant="", endpoint="", version="0.2.0", report_only=True)


def checkup(**readers: Callable[[], object]) -> Checkup:
    queues = {"event-changes": lambda: QueueMetrics(0)}
    return Checkup(now=lambda: NOW, app=APP, settings_problems=(), readers=readers, queues=queues, poison={})


def test_a_failed_read_is_a_problem_and_stops_nothing() -> None:
    """Of other libraries' errors only the class is shown: the text may contain people's data."""

    def refused() -> object:
        raise QueueUnavailable("queue q did not answer")

    def surprised() -> object:
        raise ValueError("a subject")

    found = checkup(rules=refused, maintenance=surprised).health()

    assert found.problems == (
        "rules can't be read: queue q did not answer",
        "maintenance can't be read: ValueError",
    )
    assert found.facts.queues == {"event-changes": QueueMetrics(0)}


def test_the_answer_does_not_wait_for_a_read_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller has a time limit of its own."""
    monkeypatch.setattr(health, "PATIENCE", timedelta(milliseconds=50))
    free = threading.Event()
    found = checkup(rules=free.wait, maintenance=lambda: RUN).health()
    free.set()

    assert found.problems == ("rules can't be read: no answer within 0 s",)


def test_without_storage_settings_only_they_are_reported() -> None:
    """Nothing else can be read."""
    found = Checkup(
        now=lambda: NOW, app=APP, settings_problems=("x",), readers={}, queues={}, poison={}
    ).health()

    assert found.problems == ("x",)


class Files(LastGoodRules):
    """Rule files: the current ones, or the last good ones since noon of the day before."""

    def __init__(self, *texts: str) -> None:
        self._files = tuple(RuleFile("rules/a.yaml", text.encode()) for text in texts)

    def read(self) -> tuple[RuleFile, ...]:
        return self._files

    def kept_at(self) -> datetime | None:
        return NOW - timedelta(days=1)


GOOD = "version: 1\nrules:\n  - {id: a, mode: report, when: {subject: x}}\n"
BAD = "version: 2\n"
#: an enforced rule without limits
ODD = "version: 1\nrules:\n  - {id: a, mode: enforce, when: {subject: x}}\n"


@pytest.mark.parametrize(
    ("source", "kept", "has_policy", "since", "has_problems"),
    [
        pytest.param(Files(GOOD), Files(GOOD), True, NOW - timedelta(days=1), False, id="in force"),
        pytest.param(Files(GOOD), Files(), True, None, False, id="not in force yet"),
        pytest.param(Files(BAD), Files(GOOD), True, NOW - timedelta(days=1), True, id="refused, the last good ones stay in force"),
        pytest.param(Files(BAD), Files(), False, None, True, id="refused, none in force"),
        pytest.param(None, Files(GOOD), True, NOW - timedelta(days=1), False, id="out of reach"),
    ],
)  # fmt: skip
def test_the_rules_in_force(
    source: Files | None, kept: Files, has_policy: bool, since: datetime | None, has_problems: bool
) -> None:
    """Which are in force, since when, and whether the current files are refused."""
    found = rules_in_force(source, kept)

    assert (found.hash is not None, found.since, bool(found.problems)) == (has_policy, since, has_problems)


def test_warnings_do_not_hide_the_error_in_rules() -> None:
    """If the files are refused, health shows the error, not the warnings before it."""
    found = rules_in_force(Files(f"{ODD}nonsense: 1\n"), Files(GOOD))

    assert [problem.partition(' "')[0] for problem in found.problems] == ["rules/a.yaml:4:1: unknown key"]


@pytest.mark.parametrize(
    ("age", "text"),
    [
        pytest.param(timedelta(seconds=40), "40 s", id="seconds"),
        pytest.param(timedelta(minutes=12, seconds=50), "12 min", id="minutes"),
        pytest.param(timedelta(hours=5), "5 h", id="hours"),
        pytest.param(timedelta(days=3), "3 d", id="days"),
    ],
)
def test_an_age_has_one_unit(age: timedelta, text: str) -> None:
    """The largest with at least two."""
    assert ago(age) == text
