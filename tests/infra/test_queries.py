import json
import re
import subprocess
from pathlib import Path

import pytest

from sandbox import node
from shared.domain.decision import Outcome, Reason
from tests.infra.log_tables import APP, Database, database, demo_lines, every_line, rows
from tests.infra.queries import queries
from tests.test_docs import documented

QUERIES = queries()
CHECK = Path(__file__).parent / "kusto" / "check.js"
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


@pytest.fixture(scope="module")
def logs() -> Database:
    """Return a line of every event, and requests of which one failed."""
    return database(every_line(), [*["202"] * 20, "503"])


@pytest.fixture(scope="module")
def demo() -> Database:
    """Return what a day at Contoso has logged."""
    return database(demo_lines())


@pytest.mark.parametrize("place", QUERIES)
def test_a_query_runs_over_the_log_of_the_demo(place: str, demo: Database) -> None:
    """Lines as the app really writes them."""
    rows(demo, QUERIES[place])


@pytest.mark.parametrize("place", QUERIES)
def test_a_query_runs_over_the_lines_that_joinlink_logs(place: str, logs: Database) -> None:
    """An engine of its own executes it: what resolves can still fail."""
    rows(logs, QUERIES[place])


def test_the_workbook_of_all_tenants_names_each_app(demo: Database) -> None:
    """By its Application Insights: the lines themselves do not name the tenant."""
    shown = {place: rows(demo, query) for place, query in QUERIES.items() if "tenants-workbook" in place}
    found = {place.partition(" ")[2]: [app for app, *_ in lines] for place, lines in shown.items()}

    assert found.keys() == {"tenants", "care", "outcomes", "links", "rules"}
    assert found["tenants"] == found["rules"] == [APP]
    assert set(found["outcomes"]) == set(found["links"]) == {APP}


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
