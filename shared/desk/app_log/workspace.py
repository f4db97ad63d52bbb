"""The app's log in its Log Analytics workspace, read with Azure's Logs query API.

https://learn.microsoft.com/azure/azure-monitor/logs/api/overview

One POST with the desk's own sign-in is all that is needed, so no further package is.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx

from shared.deadline import deadline, seconds_left
from shared.desk.app_log.app_log import MOST_LINES, LogSearch
from shared.desk.app_log.endings import EndingCounts, Period, counting_query, kusto_time
from shared.desk.app_log.logged_line import LoggedLine, parse_line
from shared.errors import GraphError, LogUnavailable, OutOfTime

#: by JOINLINK_CLOUD, where it is not the public cloud
_ADDRESSES = {
    "usgov": "https://api.loganalytics.us",
    "dod": "https://api.loganalytics.us",
    "china": "https://api.loganalytics.azure.cn",
}
#: The service ends a query after three minutes.
_TIMEOUT = timedelta(seconds=200)
_MAX_BYTES = 64 * 1024 * 1024
#: statuses and what an admin does about them; anything else is shown as it is
_REFUSALS = {
    401: "it refuses the token: run az login again",
    403: "an Owner or User Access Administrator gives the identity above the role Log Analytics Reader on"
    " the workspace",
    404: "there is no such workspace: use the Workspace ID (a GUID) of its overview page",
}
_NO_TABLE = (
    "the workspace has no table AppTraces: is it the one of the app's Application Insights, and has the app"
    " logged anything yet?"
)


def log_address(environ: Mapping[str, str]) -> str:
    """Return the address of the service in the cloud of the settings; tokens are for the same."""
    return _ADDRESSES.get(environ.get("JOINLINK_CLOUD", "").strip(), "https://api.loganalytics.io")


class LogWorkspace:
    """An `AppLog` in a workspace. Every method raises LogUnavailable."""

    def __init__(self, workspace: str, token: Callable[[], str], http: httpx.Client) -> None:
        """`workspace` is its id, a GUID; `token` returns one for the service; `http` has its address."""
        self._workspace = workspace
        self._token = token
        self._http = http

    def lines(self, search: LogSearch) -> Sequence[LoggedLine]:
        """Return the lines that are found, oldest first; at most the first `MOST_LINES`."""
        found = (parse_line(str(row.get("Message"))) for row in self._rows(searching_query(search)))
        return [line for line in found if line]

    def endings(self, period: Period) -> EndingCounts:
        """Return how the messages of a period ended; the service counts."""
        counts = EndingCounts()
        for row in self._rows(counting_query(period)):
            try:
                counts.add_row(row)
            except (KeyError, TypeError, ValueError) as error:
                raise LogUnavailable("the log service's answer has an unexpected shape: try again") from error
        return counts

    def _rows(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of the first table of the answer."""
        try:
            with deadline(_TIMEOUT):
                response, body = self._receive(query)
        except GraphError as error:  # of the token service
            raise LogUnavailable(f"no token for the log service: {error}") from error
        except (httpx.HTTPError, httpx.StreamError, OutOfTime) as error:
            raise LogUnavailable(
                f"the log service does not answer ({type(error).__name__}): check the network, or try a"
                " shorter time"
            ) from error
        answer = _json_object(body)
        if response.status_code != httpx.codes.OK:
            raise LogUnavailable(_refusal(response, answer))
        if "error" in answer:  # the rows that were ready in time
            raise LogUnavailable(
                f"the log service's answer is incomplete (status 200{_code(answer)}): try a shorter time"
            )
        try:
            table = answer["tables"][0]
            names = [str(column["name"]) for column in table["columns"]]
            return [dict(zip(names, row, strict=True)) for row in table["rows"]]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise LogUnavailable("the log service's answer has an unexpected shape: try again") from error

    def _receive(self, query: str) -> tuple[httpx.Response, bytes]:
        body = bytearray()
        with self._http.stream(
            "POST",
            f"/v1/workspaces/{self._workspace}/query",
            headers={"Authorization": f"Bearer {self._token()}", "Prefer": "wait=180"},
            json={"query": query},
            timeout=_TIMEOUT.total_seconds(),
        ) as response:
            for part in response.iter_bytes():
                body += part
                if len(body) > _MAX_BYTES:
                    raise LogUnavailable("the log service's answer is too long: try a shorter time")
                seconds_left(_TIMEOUT.total_seconds())
        return response, bytes(body)


def searching_query(search: LogSearch) -> str:
    """Return the Kusto query for the lines of a search, oldest first."""
    period = search.period
    conditions = [
        f"| where TimeGenerated >= {kusto_time(period.since)} and TimeGenerated < {kusto_time(period.until)}"
    ]
    if search.texts:
        conditions.append(
            "| where " + " or ".join(f"Message contains_cs {_literal(text)}" for text in search.texts)
        )
    conditions.append("| extend j = parse_json(Message)")
    if search.events:
        conditions.append(f"| where j.event in ({', '.join(map(_literal, search.events))})")
    last = f"| top {MOST_LINES} by TimeGenerated asc\n| project TimeGenerated, Message"
    return "\n".join(["AppTraces", *conditions, last])


def _literal(text: str) -> str:
    """Return a text as Kusto writes it: its escapes are those of JSON."""
    return json.dumps(text)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _refusal(response: httpx.Response, answer: dict[str, Any]) -> str:
    status = response.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        wait = response.headers.get("retry-after", "")
        return f"the log service throttles: try again in {wait if wait.isdigit() else 30} s"
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return f"the log service fails (status {status}): try again, or a shorter time"
    if "AppTraces" in json.dumps(answer):
        return _NO_TABLE
    remedy = _REFUSALS.get(status, "check --workspace")
    return f"the log service refuses the query (status {status}{_code(answer)}): {remedy}"


def _code(answer: dict[str, Any]) -> str:
    """Return Azure's error code; its text is left out, since it may quote what others wrote."""
    error = answer.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return f", {code[:80]}" if isinstance(code, str) and code.isalnum() else ""
