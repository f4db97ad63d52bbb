import io
import json
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.desk.sign_in.desk_sign_in import DeskSignIn
from tests.cli.conftest import Joinlink
from tests.infra.log_tables import DEMO_LOG

WORKSPACE = "0a1b2c3d-0000-4000-8000-000000000001"


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Return a function that gives the command a text on stdin."""
    return lambda content: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def line(**keys: Any) -> str:
    return json.dumps(
        {
            "outcome": "skipped",
            "reason": "no_rule_matched",
            "event": "event.decided",
            "level": "info",
            "timestamp": "2026-11-23T07:00:00Z",
            **keys,
        }
    )


def test_a_log_on_stdin_is_counted_without_any_sign_in(
    joinlink: Joinlink, pipe: Callable[[bytes], None]
) -> None:
    """Outcomes with their reasons, rules and tasks; text and JSON have the same numbers."""
    pipe(DEMO_LOG.read_bytes())
    text = joinlink("stats", "-")
    pipe(DEMO_LOG.read_bytes())
    found = json.loads(joinlink("stats", "-", "--json").out)

    assert (text.exit, text.err) == (0, "")
    assert "39 messages about events" in text.out
    assert sum(one["messages"] for one in found["endings"] if one["task"] is None) == 39
    assert "  external-meetings  5 enabled, 3 delayed, 2 skipped, 2 not_honored" in text.out
    assert "interviews         1 would_enable" in text.out
    assert "9 tasks for mailboxes" in text.out


def test_days_and_one_rule(joinlink: Joinlink, folder: Path) -> None:
    """Each day is listed, also one without messages, with its links; --rule leaves others out."""
    days = [
        line(timestamp="2026-11-23T07:00:00Z", outcome="enabled", reason="link_added", rule="external"),
        line(timestamp="2026-11-25T07:00:00Z"),
        line(timestamp="2026-11-25T08:00:00Z", outcome="would_enable", reason="brake", projected_rule="external"),
        "Host started",
    ]  # fmt: skip
    (folder / "log.jsonl").write_text("\n".join(days))
    whole = joinlink("stats", "log.jsonl").out
    of_rule = joinlink("stats", "log.jsonl", "--rule", "external").out

    assert "  Mon 2026-11-23          1  ██████████ 1 link\n" in whole
    assert "  Tue 2026-11-24          0\n" in whole
    assert "  Wed 2026-11-25          2  ████████████████████\n" in whole
    assert "1 line of the input not counted" in whole
    assert "  external  1 enabled, 1 would_enable\n" in of_rule
    assert "no_rule_matched" not in of_rule


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["missing.jsonl"], 2, "missing.jsonl can't be read", id="no such file"),
        pytest.param(["."], 2, ". can't be read", id="a folder"),
        pytest.param(["log.jsonl", "--since", "soon"], 2, "--since expects", id="no time"),
        pytest.param(["log.jsonl", "--since", "2999-01-01"], 2, "a past time", id="a time to come"),
        pytest.param(["--workspace", "contoso-log"], 2, "this is none", id="a name for an id"),
        pytest.param([], 2, "no log to read", id="no workspace"),
        pytest.param(["log.jsonl"], 1, "No message ended", id="an empty file"),
        pytest.param(["log.jsonl", "--rule", "other"], 1, "No message ended", id="no such rule"),
    ],
)
def test_bad_input_is_one_sentence(
    joinlink: Joinlink, folder: Path, arguments: list[str], code: int, said: str
) -> None:
    """With the documented exit code."""
    (folder / "log.jsonl").write_text("")
    result = joinlink("stats", *arguments)

    assert (result.exit, said in result.out + result.err) == (code, True)


def test_the_workspace_is_read_with_the_sign_in_of_the_desk(
    joinlink: Joinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any setting of the app; a refusal has the role that is missing."""

    class LogTokens:
        def token(self, resource: str) -> Any:
            assert resource == "https://api.loganalytics.io"
            return type("Token", (), {"value": "t"})

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, json={"error": {"code": "InsufficientAccessError"}})

    def sign_in(_self: DeskSignIn, _resource: str) -> Any:
        return LogTokens()

    monkeypatch.setattr(DeskSignIn, "log_tokens", sign_in)
    monkeypatch.setattr(
        "shared.desk.wiring.graph_http",
        lambda url: httpx.Client(base_url=url, transport=httpx.MockTransport(answer)),
    )
    monkeypatch.setenv("JOINLINK_LOG_WORKSPACE", WORKSPACE)
    result = joinlink("stats")

    assert result.exit == 1
    assert "the role Log Analytics Reader on the workspace" in result.err.replace("\n", " ")


def test_a_log_with_impossible_times_is_counted_in_small_memory(
    joinlink: Joinlink, pipe: Callable[[bytes], None]
) -> None:
    """Three million days lie between the first and the last line."""
    times = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:00Z")
    pipe("\n".join(line(timestamp=each) for each in times).encode())
    tracemalloc.start()
    result = joinlink("stats", "-")
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert "  3,652,028 earlier days: --json has all\n" in result.out
    assert most < 20 * 1024 * 1024
