import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.infra.log_tables import NOW, database, demo_lines, rows
from tests.infra.queries import ALERTS as FILE

ALERTS: dict[str, Any] = {alert["id"]: alert for alert in json.loads(FILE.read_text())}


def test_a_day_without_trouble_sets_off_no_alert() -> None:
    """The demo loses subscriptions, is throttled, and gets late links: Joinlink copes with all of it."""
    demo = database(demo_lines())
    found = {name: len(rows(demo, alert["query"])) for name, alert in ALERTS.items()}

    assert [name for name, number in found.items() if number > ALERTS[name]["threshold"]] == []


FINISHED = {
    "event": "maintenance.finished",
    "mailboxes": {"watched": 2},
    "poison": {"event-changes-poison": 0, "mailbox-tasks-poison": 0},
    "soonest_expiry": (NOW + timedelta(days=3)).isoformat(),
    "lapsing": 0,
}


@pytest.mark.parametrize(
    ("alert", "line", "found"),
    [
        pytest.param("subscriptions-lapsing", FINISHED, 0, id="subscriptions in order"),
        pytest.param("subscriptions-lapsing", {**FINISHED, "lapsing": 1}, 1, id="one was not renewed in time"),
        pytest.param("subscriptions-lapsing", {**FINISHED, "mailboxes": {"expired": 1}}, 1, id="one has ended"),
        pytest.param("subscriptions-lapsing", {**FINISHED, "soonest_expiry": None, "mailboxes": {"unwatched": 2}}, 0, id="no subscription yet"),
        pytest.param("poison", FINISHED, 0, id="poison queues empty"),
        pytest.param("poison", {**FINISHED, "poison": {"event-changes-poison": 0, "mailbox-tasks-poison": 1}}, 1, id="a message still waits in a poison queue"),
        pytest.param("poison", {"event": "message.poisoned", "queue": "event-changes"}, 1, id="a message was just moved"),
        pytest.param("scope-held", {"event": "scope.doubted", "held": 0}, 0, id="a doubt without held mailboxes"),
        pytest.param("scope-held", {"event": "scope.doubted", "held": 9}, 1, id="held mailboxes"),
        pytest.param("scope-doubted", {"event": "scope.doubted", "held": 0}, 1, id="a doubt"),
        pytest.param("scope-doubted", {"event": "scope.doubted", "held": 9}, 0, id="held mailboxes have an alert of their own"),
        pytest.param("no-decisions", {"event": "event.decided", "outcome": "delayed"}, 1, id="all events wait"),
        pytest.param("no-decisions", {"event": "event.decided", "outcome": "skipped"}, 0, id="an event was decided"),
        pytest.param("maintenance-missing", {"event": "maintenance.failed"}, 1, id="maintenance only fails"),
        pytest.param("maintenance-missing", FINISHED, 0, id="maintenance runs"),
        pytest.param("writes-held", {"event": "event.decided", "reason": "write_unknown"}, 1, id="a held event"),
        pytest.param("forbidden", {"event": "event.decided", "reason": "write_forbidden"}, 1, id="reading allowed, writing not"),
        pytest.param("throttled", {"event": "event.decided", "reason": "throttled"}, 1, id="throttling"),
        pytest.param("limit-reached", {"event": "rule.limit_reached"}, 1, id="a limit"),
        pytest.param("rules-refused", {"event": "rules.refused"}, 1, id="refused rules"),
        pytest.param("maintenance-failed", {"event": "maintenance.failed"}, 1, id="a failed run"),
        pytest.param("settings-refused", {"event": "maintenance.failed", "reason": "settings_refused"}, 1, id="a wrong setting"),
        pytest.param("unauthorized", {"event": "task.finished", "reason": "unauthorized"}, 1, id="a refused token"),
        pytest.param("endpoint-not-validated", {"event": "task.finished", "reason": "endpoint_not_validated"}, 1, id="no validation"),
        pytest.param("unexpected", {"event": "event.decided", "reason": "unexpected_error"}, 1, id="an error of Joinlink"),
        pytest.param("memory-missing", {"event": "event.decided", "reason": "memory_missing"}, 1, id="lost memory"),
    ],
)  # fmt: skip
def test_an_alert_fires_exactly_when_it_should(alert: str, line: dict[str, Any], found: int) -> None:
    """One line decides."""
    assert len(rows(database([line]), ALERTS[alert]["query"])) == found


@pytest.mark.parametrize("alert", ["maintenance-missing", "no-decisions"])
def test_an_alert_for_silence_fires_when_there_is_no_line_at_all(alert: str) -> None:
    """One row, exactly when nothing came."""
    assert rows(database([]), ALERTS[alert]["query"]) == [(0,)]


@pytest.mark.parametrize(("statuses", "found"), [(["202", "401"], 0), (["202", "503", "500"], 2)])
def test_answers_with_an_error_count(statuses: list[str], found: int) -> None:
    """A stranger without the key gets a 401, which is no error of ours."""
    assert len(rows(database([], statuses), ALERTS["webhook-errors"]["query"])) == found


@pytest.mark.parametrize(("total", "fires"), [(19, False), (20, True)])
def test_slow_answers_count_once_there_are_twenty(total: int, fires: bool) -> None:
    """One slow answer at night is no alert."""
    slow = database([], ["202"] * total)

    assert bool(rows(slow, ALERTS["webhook-slow"]["query"])) is fires


def test_an_alert_sees_lines_that_come_late() -> None:
    """Azure shows lines two to five minutes late, so a window reaches back further than one evaluation."""
    minutes = {"PT5M": 5, "PT15M": 15, "PT30M": 30, "PT1H": 60, "PT6H": 360, "P1D": 1440}

    assert [a["id"] for a in ALERTS.values() if minutes[a["window"]] < minutes[a["every"]] + 10] == []


def test_the_monitoring_page_describes_every_alert() -> None:
    """With its severity, in the order of the file."""
    page = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text()

    assert re.findall(r"^\| `([\w-]+)` \| (\d) \|", page, re.MULTILINE) == [
        (name, str(alert["severity"])) for name, alert in ALERTS.items()
    ]
