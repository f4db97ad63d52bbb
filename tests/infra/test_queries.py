import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb_kql
import pytest

from sandbox import node
from shared.domain.decision import Outcome, Reason
from tests.infra.queries import queries
from tests.test_docs import documented

QUERIES = queries()
CHECK = Path(__file__).parent / "kusto" / "check.js"
NOW = datetime.now(UTC)
#: reasons of lines that are not about one message
OTHER_REASONS = {"memory_not_begun"}


def diagnostics(texts: dict[str, str]) -> dict[str, list[str]]:
    """Return what Microsoft's language service finds wrong with each query."""
    tools = node.find()
    assert tools
    run = subprocess.run(  # noqa: S603 -- our own script
        [tools.node, str(CHECK)], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    found: dict[str, list[str]] = json.loads(run.stdout)
    return {place: problems for place, problems in found.items() if problems}


def test_microsofts_language_service_accepts_every_query() -> None:
    """Syntax, names of tables and columns, and types."""
    assert diagnostics(QUERIES) == {}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param("traces | where timestmap > ago(1h)", "KS142", id="a column that does not exist"),
        pytest.param("requests | where resultCode >= 500", "KS106", id="a text compared with a number"),
        pytest.param("traces | summarise count() by message", "KS", id="an operator that does not exist"),
    ],
)
def test_a_wrong_query_is_found(query: str, code: str) -> None:
    """So the check above can fail."""
    assert code in str(diagnostics({"wrong": query}))


def lines() -> Iterator[dict[str, Any]]:
    """Yield a line of every event in docs/logs.md, with every key, and what the queries ask for in it."""
    for name, keys in documented().items():
        yield {
            **dict.fromkeys(keys),
            "event": name,
            "level": "info",
            "outcome": "enabled",
            "reason": "throttled",
            "mailbox": "8a3c",
            "event_id": "AAMk",
            "mailboxes": {"expired": 1, "watched": 2},
            "held": 3,
            "soonest_expiry": (NOW + timedelta(hours=6)).isoformat(),
            "queue_wait_seconds": 21.5,
            "graph_calls": 3,
        }


@pytest.fixture(scope="module")
def logs() -> Any:
    """Return a database with the tables of Application Insights, filled from every line that Joinlink logs."""
    database = duckdb_kql.connect()
    database.execute(
        "create table traces(timestamp TIMESTAMP, message VARCHAR, severityLevel INTEGER,"
        " operation_Name VARCHAR, itemCount INTEGER)"
    )
    database.execute(
        "create table requests(timestamp TIMESTAMP, resultCode VARCHAR, duration DOUBLE,"
        " operation_Name VARCHAR, itemCount INTEGER)"
    )
    moment = NOW.replace(tzinfo=None)
    for each in lines():
        database.execute("insert into traces values (?, ?, 1, 'x', 1)", [moment, json.dumps(each)])
    for status in ["202"] * 20 + ["503"]:
        database.execute("insert into requests values (?, ?, 4000, 'notifications', 1)", [moment, status])
    return database


@pytest.mark.parametrize("place", QUERIES)
def test_a_query_runs_over_the_lines_that_joinlink_logs(place: str, logs: Any) -> None:
    """An engine of its own executes it: what resolves can still fail."""
    duckdb_kql.kql(logs, QUERIES[place]).fetchall()


@pytest.mark.parametrize(
    "place",
    [
        "alert subscriptions-lapsing",
        "alert poison",
        "alert scope-held",
        "alert webhook-errors",
        "alert webhook-slow",
        "alert throttled",
        "alert limit-reached",
        "alert rules-refused",
        "alert maintenance-failed",
    ],
)
def test_an_alert_finds_the_line_that_it_is_for(place: str, logs: Any) -> None:
    """The lines hold one of each."""
    assert duckdb_kql.kql(logs, QUERIES[place]).fetchall()


@pytest.mark.parametrize("place", ["alert maintenance-missing", "alert no-decisions"])
def test_an_alert_for_silence_is_silent_while_there_are_lines(place: str, logs: Any) -> None:
    """And fires when there are none."""
    without = QUERIES[place].replace("traces", "traces | where message == ''", 1)

    assert duckdb_kql.kql(logs, QUERIES[place]).fetchall() == []
    assert duckdb_kql.kql(logs, without).fetchall() == [(0,)]


@pytest.mark.parametrize("place", QUERIES)
def test_a_query_asks_for_events_keys_and_reasons_that_exist(place: str) -> None:
    """Each is in docs/logs.md or docs/decisions.md."""
    query, known = QUERIES[place], documented()
    events = set(re.findall(r"j\.event == [\"']([\w.]+)", query))
    for group in re.findall(r"j\.event in \(([^)]*)\)", query):
        events |= set(re.findall(r"[\w.]+", group))
    reasons = set(re.findall(r"j\.reason == [\"'](\w+)", query))
    for group in re.findall(r"j\.reason in \(([^)]*)\)", query):
        reasons |= set(re.findall(r"\w+", group))
    outcomes = set(re.findall(r"j\.outcome == [\"'](\w+)", query))
    keys = set(re.findall(r"\bj\.(\w+)", query)) - {"event", "level", "timestamp"}

    assert events <= set(known)
    assert keys <= set().union(*(known[name] for name in ((not reasons and events) or known)))
    assert reasons <= {reason.value for reason in Reason} | OTHER_REASONS
    assert outcomes <= {outcome.value for outcome in Outcome}
