"""The Kusto queries of `infra/` and of the docs, each ready to run by itself."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from shared.desk.app_log.app_log import LogSearch
from shared.desk.app_log.endings import Period, counting_query
from shared.desk.app_log.workspace import searching_query

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "infra" / "monitoring" / "alerts.json"
WORKBOOKS = (
    ROOT / "infra" / "monitoring" / "workbook.json",
    ROOT / "infra" / "monitoring" / "tenants-workbook.json",
)
_DEFINITION = re.compile(r"let (\w+) = [^;]*;")


def queries() -> dict[str, str]:
    """Return every query by the place where it is."""
    return dict([*_alerts(), *_workbooks(), *_docs(), *_desk()])


def _desk() -> Iterator[tuple[str, str]]:
    """Yield the queries of the commands; the workspace has other names for the same table and columns."""
    period = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
    search = LogSearch(
        period=period, events=("event.decided", "notification.received"), texts=("8a3c", '"\\')
    )
    yield "joinlink stats", counting_query(period)
    yield "a search of the desk", searching_query(search)
    yield "a search of the desk for anything", searching_query(LogSearch(period=period))


def _alerts() -> Iterator[tuple[str, str]]:
    for alert in json.loads(ALERTS.read_text()):
        yield f"alert {alert['id']}", alert["query"]


def _workbooks() -> Iterator[tuple[str, str]]:
    for path in WORKBOOKS:
        for item in json.loads(path.read_text())["items"]:
            if query := item["content"].get("query"):
                yield f"{path.stem} {item['name']}", query.replace("{TimeRange:grain}", "1h")


def _docs() -> Iterator[tuple[str, str]]:
    """Yield the queries of the docs, with the definitions that another block or page gives."""
    blocks = {
        f"docs/{page.name} query {number}": block.strip()
        for page in sorted((ROOT / "docs").glob("*.md"))
        for number, block in enumerate(
            re.findall(r"```kusto\n(.*?)```", page.read_text(), re.DOTALL), start=1
        )
    }
    definitions = {found[1]: found[0] for block in blocks.values() for found in _DEFINITION.finditer(block)}
    for place, block in blocks.items():
        used = [text for name, text in definitions.items() if re.match(rf"{name}\b", block)]
        defines = _DEFINITION.fullmatch(block)
        yield place, f"{block}\n{defines[1]}" if defines else "\n".join([*used, block])
