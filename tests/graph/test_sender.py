"""Sending a call, against servers that behave badly."""

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.auth.token_source import Token
from shared.deadline import deadline
from shared.errors import (
    BodyTooLarge,
    GraphError,
    GraphPaused,
    GraphUnavailable,
    NotConnected,
    OutOfTime,
    Unauthorized,
)
from shared.graph.client import Graph
from shared.graph.connection_pool import graph_http
from shared.graph.protocol import event_calls
from shared.graph.protocol.call import GraphCall
from shared.graph.protocol.directory_calls import read_mailbox_purpose
from shared.graph.sender import Sender, Tally
from tests.bad_server import (
    GOOD,
    Answer,
    answer,
    cut_off,
    hang_up,
    refused_port,
    say_nothing,
    send_slowly,
    server,
)
from tests.stepped_clock import SteppedClock

READ = event_calls.read_event("m", "e")
WRITE = event_calls.enable_online_meeting("m", "e", etag='W/"1"', provider="teamsForBusiness")
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
REFUSED = json.dumps({"error": {"code": "InvalidAuthenticationToken", "message": "m"}})


class NumberedTokens:
    """Gives a token, another after a refusal, or raises an error."""

    def __init__(self, *errors: GraphError | None) -> None:
        self.errors = list(errors)
        self.refused: list[str] = []

    def token(self, _resource: str, *, refused: str = "") -> Token:
        if error := self.errors.pop(0) if self.errors else None:
            raise error
        self.refused += [refused] if refused else []
        return Token(f"token-{len(self.refused)}", timedelta(hours=1))


@contextmanager
def sender(url: str, tokens: NumberedTokens | None = None) -> Iterator[Sender]:
    """Return the product's sender."""
    with graph_http(url) as http:
        yield Sender(http, tokens or NumberedTokens(), "https://graph.microsoft.com", lambda: NOW)


def attempt(url: str, call: GraphCall = WRITE, tokens: NumberedTokens | None = None) -> GraphError:
    """Send, and return the error."""
    with sender(url, tokens) as sending, pytest.raises(GraphError) as raised:
        sending.send(call, Tally())
    return raised.value


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(send_slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"), id="a slow body"),
        pytest.param(send_slowly(b"HTTP/1.1 200 OK\r\nX-Long: "), id="slow headers"),
        pytest.param(say_nothing, id="silence"),
    ],
)
@pytest.mark.usefixtures("counted_time")
def test_a_slow_call_times_out(play: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if each byte comes in time; without the limit the body would be read to its end."""
    monkeypatch.setattr("shared.graph.sender.CALL_TIMEOUT", timedelta(seconds=0.3))
    with server(play) as url:
        error = attempt(url)

    assert type(error) is GraphUnavailable
    assert "OutOfTime" in str(error) or "Timeout" in str(error)


def test_the_deadline_of_a_message_limits_all_calls(deadline_clock: SteppedClock) -> None:
    """The quick retry comes too late, and the error is that of the first try."""
    tally = Tally()

    def be_late(_connection: socket.socket) -> None:
        deadline_clock.seconds += 1

    limit = deadline(timedelta(seconds=0.4))
    with server(be_late) as url, sender(url) as sending, limit, pytest.raises(GraphError) as raised:
        sending.send(READ, tally)

    assert type(raised.value) is GraphUnavailable
    assert tally.calls == 1


def test_a_call_after_the_deadline_is_not_sent() -> None:
    """`OutOfTime` means that nothing was sent."""
    tally = Tally()
    with server(answer()) as url, sender(url) as sending, deadline(timedelta(0)), pytest.raises(OutOfTime):
        sending.send(WRITE, tally)

    assert (tally.calls, tally.writes) == (0, 0)


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        pytest.param(200, BodyTooLarge, id="an answer"),
        pytest.param(502, GraphUnavailable, id="an error page of a proxy"),
    ],
)
def test_a_very_long_answer_is_not_read_completely(status: int, error_type: type[GraphError]) -> None:
    """Each call says how much it reads, and what a longer answer means."""
    call = replace(READ, max_bytes=100_000, too_long=BodyTooLarge)
    with server(answer(status, json.dumps({"id": "y" * 200_000}))) as url:
        error = attempt(url, call)

    assert type(error) is error_type
    assert "longer than" in str(error)


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(answer(headers="Content-Encoding: gzip\r\n"), id="not gzip"),
        pytest.param(
            lambda c: c.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n"
                + gzip.compress(b"{}" * 99)[:20]
            ),
            id="truncated gzip",
        ),
        pytest.param(lambda c: c.sendall(b"\x16\x03\x01\x02\x00 not HTTP at all\r\n\r\n"), id="not HTTP"),
        pytest.param(answer(302, "", "Location: http://[\r\n"), id="a redirect to an invalid URL"),
        pytest.param(answer(headers="Content-Type: application/json; charset=nonsense\r\n", body="{"), id="a truncated body"),
        pytest.param(cut_off, id="an incomplete body"),
        pytest.param(hang_up, id="no answer"),
    ],
)  # fmt: skip
def test_a_transport_error_is_not_an_answer(play: Answer) -> None:
    """The write may have taken effect before it."""
    with server(play) as url:
        assert type(attempt(url)) is GraphUnavailable


def test_only_a_refused_connection_certainly_has_no_effect() -> None:
    """A kept connection that breaks on its next use may have one."""
    with server(answer(), hang_up) as url, sender(url) as sending:
        sending.send(READ, Tally())
        with pytest.raises(GraphUnavailable) as broken:
            sending.send(WRITE, Tally())

    with refused_port() as port:
        assert type(attempt(f"http://127.0.0.1:{port}")) is NotConnected
    assert type(broken.value) is GraphUnavailable


def test_a_read_gets_a_new_token_once() -> None:
    """Graph refuses old tokens after a password change or a policy change."""
    tokens, tally = NumberedTokens(), Tally()
    with server(answer(401, REFUSED), answer()) as url, sender(url, tokens) as sending:
        assert sending.send(READ, tally) == json.loads(GOOD)

    assert (tokens.refused, tally.calls) == (["token-0"], 2)


def test_a_write_is_not_repeated_after_a_401() -> None:
    """A proxy may have sent the 401 after Graph did the write."""
    tally = Tally()
    with server(answer(401, REFUSED), answer()) as url, sender(url) as sending, pytest.raises(Unauthorized):
        sending.send(WRITE, tally)

    assert tally.writes == 1


def test_without_a_token_nothing_is_sent() -> None:
    """So a write certainly has no effect."""
    tally = Tally()
    away = GraphUnavailable("get a token", detail="ReadTimeout")
    with server(answer()) as url, sender(url, NumberedTokens(away)) as sending, pytest.raises(NotConnected):
        sending.send(WRITE, tally)

    assert tally.calls == 0


def test_a_missing_new_token_does_not_mean_that_nothing_was_sent() -> None:
    """The first request was answered."""
    away = GraphUnavailable("get a token", detail="ReadTimeout")
    call = GraphCall(name="renew", method="PATCH", path="/subscriptions/x")
    with server(answer(401, REFUSED)) as url:
        assert type(attempt(url, call, NumberedTokens(None, away))) is GraphUnavailable


def test_while_graph_is_down_a_message_makes_no_call() -> None:
    """After five mailboxes without an answer the sixth waits."""
    tally = Tally()
    with server(answer(500, "")) as url, sender(url) as sending:
        for n in range(5):
            with pytest.raises(GraphUnavailable):
                sending.send(event_calls.read_event(f"m{n}", "e"), tally)
        calls = tally.calls
        with pytest.raises(GraphPaused) as paused:
            sending.send(READ, tally)

    # The fifth failure opens the circuit, so there is no quick retry.
    assert (calls, tally.calls) == (9, 9)
    assert paused.value.retry_after == timedelta(seconds=10)


@pytest.mark.parametrize("status", [403, 404, 429])
def test_a_refusal_shows_that_graph_is_up(status: int) -> None:
    """Only missing answers open the circuit."""
    refusal = json.dumps({"error": {"code": "Some", "message": ""}})
    with server(answer(status, refusal)) as url, sender(url) as sending:
        for n in range(9):
            with pytest.raises(GraphError) as raised:
                sending.send(event_calls.read_event(f"m{n}", "e"), Tally())

    assert not isinstance(raised.value, GraphUnavailable)


def pages(*links: str | None) -> Callable[[httpx.Request], httpx.Response]:
    """Answer pages of a list with these links; the last one repeats."""
    left = list(links)

    def play(_request: httpx.Request) -> httpx.Response:
        link = left.pop(0) if len(left) > 1 else left[0]
        body: dict[str, Any] = {"value": []}
        return httpx.Response(200, json={**body, "@odata.nextLink": link} if link else body)

    return play


@pytest.mark.parametrize(
    ("links", "calls"),
    [
        pytest.param(["https://g/v1.0/users?p=1"], 2, id="to itself"),
        pytest.param([f"https://g/v1.0/users?p={n % 2}" for n in range(99)], 3, id="two alternating"),
        pytest.param([f"https://g/v1.0/users?p={n}" for n in range(999)], 20, id="always new ones"),
    ],
)
def test_endless_page_links_are_stopped(
    links: list[str], calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an error, as the list is incomplete."""
    monkeypatch.setattr("shared.graph.client._MAX_PAGES", 20)
    http = graph_http("https://g", httpx.MockTransport(pages(*links)))
    graph = Graph(Sender(http, NumberedTokens(), "r", lambda: NOW))
    with pytest.raises(GraphUnavailable, match="pages"):
        for _ in graph.users():
            pass

    assert graph.tally.calls == calls


def test_an_optional_call_never_opens_the_circuit() -> None:
    """Mailbox settings may fail for all mailboxes while calendars work."""
    with server(answer(500, '{"error":{"code":"x"}}')) as url, sender(url) as sending:
        for n in range(10):
            with pytest.raises(GraphUnavailable):
                sending.send(read_mailbox_purpose(f"m{n}"), Tally())
        with pytest.raises(GraphUnavailable) as raised:
            sending.send(READ, Tally())

        assert not isinstance(raised.value, GraphPaused)


def test_an_optional_call_waits_and_is_never_the_probe() -> None:
    """While Graph is down it is not sent, and it does not take the place of a probe."""
    with server(answer(500, '{"error":{"code":"x"}}')) as url, sender(url) as sending:
        for n in range(5):
            with pytest.raises(GraphUnavailable):
                sending.send(event_calls.read_event(f"m{n}", "e"), Tally())
        tally = Tally()
        with pytest.raises(GraphPaused):
            sending.send(read_mailbox_purpose("m9"), tally)

        assert tally.calls == 0
