"""The tables of Application Insights, filled with lines of Joinlink, and an engine that runs Kusto queries on them."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb_kql

from tests.test_docs import documented

Database = Any
NOW = datetime.now(UTC)
#: the name of the app's Application Insights
APP = "appi-contoso-x1"
#: lines that the demo has logged, one to three of each kind
DEMO_LOG = Path(__file__).parent / "data" / "demo_log.jsonl"


def database(lines: Iterable[dict[str, Any]], statuses: Iterable[str] = ()) -> Database:
    """Return the tables of Application Insights and of its workspace.

    Each line is a trace, each status a slow request.
    """
    filled = duckdb_kql.connect()
    filled.execute(
        "create table traces(timestamp TIMESTAMP, message VARCHAR, severityLevel INTEGER,"
        " operation_Name VARCHAR, itemCount INTEGER)"
    )
    filled.execute(
        "create table requests(timestamp TIMESTAMP, resultCode VARCHAR, duration DOUBLE,"
        " operation_Name VARCHAR, itemCount INTEGER)"
    )
    filled.execute(
        "create table AppTraces(TimeGenerated TIMESTAMP, Message VARCHAR, ItemCount INTEGER, _ResourceId VARCHAR)"
    )
    moment = NOW.replace(tzinfo=None)
    for each in lines:
        filled.execute("insert into traces values (?, ?, 1, 'x', 1)", [moment, json.dumps(each)])
        filled.execute(
            "insert into AppTraces values (?, ?, 1, ?)", [moment, json.dumps(each), f"/components/{APP}"]
        )
    for status in statuses:
        filled.execute("insert into requests values (?, ?, 4000, 'notifications', 1)", [moment, status])
    return filled


def rows(tables: Database, query: str) -> list[tuple[Any, ...]]:
    """Return the rows that a query finds."""
    found: list[tuple[Any, ...]] = duckdb_kql.kql(tables, query).fetchall()
    return found


def demo_lines() -> Iterator[dict[str, Any]]:
    """Yield what the app logs in the demo."""
    for line in DEMO_LOG.read_text().splitlines():
        yield json.loads(line)


def every_line() -> Iterator[dict[str, Any]]:
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
            "lapsing": 1,
            "soonest_expiry": (NOW + timedelta(hours=6)).isoformat(),
            "queue_wait_seconds": 21.5,
            "graph_calls": 3,
        }
