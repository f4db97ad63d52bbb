import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.desk.app_log.app_log import MOST_LINES, LogSearch
from shared.desk.app_log.endings import ALL_TIME, EndingCounts, Period, counting_query, kusto_time
from shared.desk.app_log.log_file import LogFile
from shared.desk.app_log.logged_line import LoggedLine, parse_line
from shared.desk.app_log.workspace import LogWorkspace, log_address, searching_query
from shared.errors import GraphUnavailable, LogUnavailable
from tests.infra.log_tables import DEMO_LOG, database, demo_lines

LINE = json.dumps(
    {
        "outcome": "enabled",
        "reason": "link_added",
        "rule": "external",
        "detail": 'a "quoted" text, with a comma',
        "mailbox": "8a3c",
        "event": "event.decided",
        "level": "info",
        "timestamp": "2026-11-23T07:00:20.5Z",
    }
)
AT = datetime(2026, 11, 23, 7, 0, 20, 500_000, tzinfo=UTC)
WORKSPACE = "0a1b2c3d-0000-4000-8000-000000000001"


def csv_row(*cells: str) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(LINE, id="the line itself"),
        pytest.param(f"[2026-11-23T07:00:20.500Z] {LINE}", id="func start, with a time in front"),
        pytest.param(f"2026-11-23T07:00:20Z   [Information]   {LINE}", id="the log stream of the portal"),
        pytest.param(json.dumps({"TimeGenerated": "2026", "Message": LINE}), id="a row of an export"),
        pytest.param(f'    "Message": {json.dumps(LINE)},', id="a line of az monitor log-analytics query"),
        pytest.param(csv_row("11/23/2026, 7:00:20 AM", LINE, "1"), id="a CSV export"),
        pytest.param("\ufeff" + LINE, id="a byte order mark"),
    ],
)
def test_a_line_is_found_in_what_admins_save(text: str) -> None:
    """With all its keys, and its own time."""
    assert parse_line(text) == LoggedLine("event.decided", AT, json.loads(LINE))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("Host started (321ms)", id="a line of the host"),
        pytest.param("{", id="cut off"),
        pytest.param('{"event": "event.decided"}', id="no level and time"),
        pytest.param(LINE.replace("2026-11-23T07:00:20.5Z", "yesterday"), id="no time"),
        pytest.param(LINE.replace("2026-11-23T07:00:20.5Z", "0001-01-01T00:00:00+14:00"), id="before the first year"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param('{"a":' * 100_000, id="deep objects"),
        pytest.param('"{\\"' * 1000, id="quotes"),
        pytest.param(json.dumps({"event": 3, "level": [], "timestamp": None}), id="other types"),
    ],
)  # fmt: skip
def test_other_text_is_no_line(text: str) -> None:
    """Whatever is in it, reading goes on with the next line."""
    assert parse_line(text) is None


def test_a_file_is_counted_whatever_its_encoding() -> None:
    """PowerShell 5 writes UTF-16; what is no line is counted as such."""
    text = f"Host started\r\n{LINE}\r\n\r\n{LINE}\r\n"
    for encoding in ("utf-8", "utf-16"):
        counts = LogFile(io.BytesIO(text.encode(encoding))).endings(ALL_TIME)

        assert (sum(counts.numbers.values()), counts.unread, counts.first) == (2, 1, AT)


def test_a_file_is_searched_by_time_event_and_text() -> None:
    """Any of the texts, anywhere in the line; oldest first, and not more than a search is for."""
    later = LINE.replace("07:00", "08:00")
    released = LINE.replace("event.decided", "event.released").replace("8a3c", "9b")

    def found(text: str, **search: Any) -> list[datetime]:
        file = LogFile(io.BytesIO(text.encode()))
        return [line.at for line in file.lines(LogSearch(**{"period": ALL_TIME, **search}))]

    everything = f"{later}\n{released}\n{LINE}"
    assert found(everything) == [AT, AT, AT + timedelta(hours=1)]
    assert found(everything, events=("event.released",)) == [AT]
    assert found(everything, texts=("nobody", "8a3c")) == [AT, AT + timedelta(hours=1)]
    assert found(everything, period=Period(AT, AT + timedelta(hours=1))) == [AT, AT]
    assert len(found("\n".join([LINE] * (MOST_LINES + 5)))) == MOST_LINES


def test_counts_stay_bounded() -> None:
    """A file with ever new rule names does not fill the memory; what is left out is counted."""
    counts = EndingCounts()
    for number in range(50_010):
        keys = {**json.loads(LINE), "rule": str(number)}
        counts.add_line(LoggedLine("event.decided", AT, keys))

    assert (len(counts.numbers), counts.unread) == (50_000, 10)


def by_way(counts: EndingCounts) -> Counter[tuple[str, ...]]:
    """Return the numbers without the day."""
    sums: Counter[tuple[str, ...]] = Counter()
    for ending, number in counts.numbers.items():
        sums[ending.task, ending.outcome, ending.reason, ending.rule] += number
    return sums


def test_the_workspace_and_a_file_count_the_same() -> None:
    """The query, run by an engine over the lines of the demo, and the lines themselves."""
    import duckdb_kql  # noqa: PLC0415 -- the other tests do not need it

    table = duckdb_kql.kql(database(demo_lines()), counting_query(ALL_TIME))
    names = [column[0] for column in table.description]
    rows = [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in zip(names, row, strict=True)}
        for row in table.fetchall()
    ]  # fmt: skip
    counted = EndingCounts()
    for row in rows:
        counted.add_row(row)

    with DEMO_LOG.open("rb") as file:
        read = LogFile(file).endings(ALL_TIME)
    assert by_way(counted) == by_way(read)
    assert ("", "would_enable", "report_mode", "interviews") in by_way(read)
    assert read.unread == 0


Answer = Callable[[httpx.Request], httpx.Response]


def workspace(answer: Answer) -> LogWorkspace:
    """Return a workspace behind a service that answers so."""
    http = httpx.Client(base_url="https://api.loganalytics.io", transport=httpx.MockTransport(answer))
    return LogWorkspace(WORKSPACE, lambda: "a-token", http)


def answered(columns: list[str], *rows: list[Any], status: int = 200, **more: Any) -> Answer:
    """Return a service's answer, in the shape of its documentation."""
    table = {
        "name": "PrimaryResult",
        "columns": [{"name": each, "type": "string"} for each in columns],
        "rows": rows,
    }
    return lambda _request: httpx.Response(status, json={"tables": [table], **more})


COUNTED = ["oldest", "newest", "day", "task", "outcome", "reason", "rule", "messages"]
ROW = ["2026-11-23T07:00:20.5Z", "2026-11-23T09:00:00Z", "2026-11-23T00:00:00Z", "", "enabled", "link_added", "external", 7]  # fmt: skip


def test_a_workspace_is_asked_with_a_token_and_answers_with_rows() -> None:
    """One POST, as the documentation shows it: the service counts."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answered(COUNTED, ROW)(request)

    counts = workspace(answer).endings(Period(AT, AT + timedelta(days=1)))
    [request] = requests

    assert by_way(counts) == {("", "enabled", "link_added", "external"): 7}
    assert (counts.first, counts.last) == (AT, datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert (request.method, str(request.url)) == (
        "POST",
        f"https://api.loganalytics.io/v1/workspaces/{WORKSPACE}/query",
    )
    assert request.headers["authorization"] == "Bearer a-token"
    assert "datetime(2026-11-23T07:00:20.500000Z)" in json.loads(request.content)["query"]


def test_lines_come_from_a_workspace() -> None:
    """What is no line of ours is left out."""
    found = workspace(answered(["TimeGenerated", "Message"], ["2026", LINE], ["2026", "Host started"])).lines(
        LogSearch(period=ALL_TIME, texts=("8a3c",))
    )

    assert [line.text("mailbox") for line in found] == ["8a3c"]


def test_texts_of_a_search_cannot_leave_their_quotes() -> None:
    """Ids come from calendars and from the command line."""
    query = searching_query(LogSearch(period=ALL_TIME, texts=('"; drop \\',)))

    assert r'Message contains_cs "\"; drop \\"' in query
    assert kusto_time(ALL_TIME.since) == "datetime(1900-01-01T00:00:00.000000Z)"


def refused(status: int, code: str = "", message: str = "", **headers: str) -> Answer:
    """Return the service's refusal."""
    error = {"error": {"code": code, "message": message}}
    return lambda _request: httpx.Response(status, json=error, headers=headers)


def hangs(_request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("slow")


def endless(_request: httpx.Request) -> httpx.Response:
    def parts() -> Iterator[bytes]:
        while True:
            yield b" " * (1 << 20)

    return httpx.Response(200, content=parts())


def without_token(_request: httpx.Request) -> httpx.Response:
    raise GraphUnavailable("get a token", detail="ConnectError")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(refused(403, "InsufficientAccessError"), "InsufficientAccessError): an Owner or User Access Administrator gives", id="no role"),
        pytest.param(refused(401, "AuthenticationFailed"), "run az login again", id="no token"),
        pytest.param(refused(404, "WorkspaceNotFoundError"), "no such workspace", id="another workspace"),
        pytest.param(refused(400, "BadArgumentError", "Failed to resolve table 'AppTraces'"), "has no table AppTraces", id="no table yet"),
        pytest.param(refused(400, "Bad ada@contoso.com"), "(status 400): check --workspace", id="a text of others"),
        pytest.param(refused(429, **{"Retry-After": "17"}), "try again in 17 s", id="throttled"),
        pytest.param(refused(504), "fails (status 504)", id="a query that takes too long"),
        pytest.param(answered(COUNTED, ROW, error={"code": "PartialError"}), "incomplete (status 200, PartialError)", id="a part"),
        pytest.param(answered(["messages"], ROW), "unexpected shape", id="rows of another length"),
        pytest.param(answered(["messages"], [7]), "unexpected shape", id="other columns"),
        pytest.param(answered(COUNTED, [*ROW[:7], "seven"]), "unexpected shape", id="a number that is none"),
        pytest.param(lambda _: httpx.Response(200, text="<html>"), "unexpected shape", id="a page of a proxy"),
        pytest.param(lambda _: httpx.Response(302, headers={"Location": "/"}), "(status 302)", id="a redirect"),
        pytest.param(hangs, "does not answer (ReadTimeout)", id="slow"),
        pytest.param(endless, "too long", id="without end"),
        pytest.param(without_token, "no token for the log service", id="no token service"),
    ],
)  # fmt: skip
def test_a_log_that_cannot_be_read_is_one_sentence(answer: Answer, said: str) -> None:
    """With what to do, and without what others wrote."""
    with pytest.raises(LogUnavailable) as error:
        workspace(answer).endings(ALL_TIME)

    assert said in str(error.value)
    assert "contoso" not in str(error.value)


@pytest.mark.parametrize(
    ("cloud", "address"),
    [
        pytest.param("", "https://api.loganalytics.io", id="public"),
        pytest.param("global", "https://api.loganalytics.io", id="global"),
        pytest.param("usgov", "https://api.loganalytics.us", id="US government"),
        pytest.param("china", "https://api.loganalytics.azure.cn", id="China"),
    ],
)
def test_every_cloud_has_its_service(cloud: str, address: str) -> None:
    """Tokens are for the same address."""
    assert log_address({"JOINLINK_CLOUD": cloud}) == address
