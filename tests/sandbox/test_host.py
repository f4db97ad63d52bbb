import base64
import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import azure.functions as func
import httpx
import pytest
from azure.storage.queue import QueueClient

from sandbox.azurite import Azurite
from sandbox.host import Host

HOST_JSON = {"extensions": {"queues": {"maxDequeueCount": 2, "visibilityTimeout": "00:00:30"}}}


class Sample:
    """A small app: an echo, a function without a key, a queue, a timer; it records its inputs."""

    def __init__(self, azurite: Azurite, queue: str) -> None:
        self.app = func.FunctionApp()
        self.settings = {"AzureWebJobsStorage": azurite.connection_string, "QUEUE": queue}
        self.queue = queue
        self.messages: list[func.QueueMessage] = []
        self.in_progress = 0
        self._lock = threading.Lock()
        self.ticks: list[func.TimerRequest] = []
        self.on_message: Callable[[func.QueueMessage], Any] = lambda _: None
        app = self.app

        @app.route("echo/{word}", methods=["POST"])
        def echo(req: func.HttpRequest) -> func.HttpResponse:
            facts = {
                "word": req.route_params["word"],
                "n": req.params.get("n"),
                "body": req.get_body().decode(),
            }
            return func.HttpResponse(
                json.dumps(facts), status_code=202, headers={"X-Content-Type-Options": "nosniff"}
            )

        @app.route(methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
        def door(req: func.HttpRequest) -> func.HttpResponse:
            raise LookupError(req.url)

        @app.queue_trigger("msg", "%QUEUE%", "AzureWebJobsStorage")
        def work(msg: func.QueueMessage) -> Any:
            self.messages.append(msg)
            with self.counting():
                return self.on_message(msg)

        @app.timer_trigger("timer", "0 0 * * * *")
        def tick(timer: func.TimerRequest) -> None:
            self.ticks.append(timer)

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """Count the messages that are worked on at this moment."""
        with self._lock:
            self.in_progress += 1
        try:
            yield
        finally:
            with self._lock:
                self.in_progress -= 1

    def client(self, suffix: str = "") -> QueueClient:
        """Open the queue, or the one with this behind its name."""
        return QueueClient.from_connection_string(self.settings["AzureWebJobsStorage"], self.queue + suffix)

    def send(self, text: str) -> None:
        """Put a text on the queue, encoded as the host expects."""
        with self.client() as client:
            client.send_message(base64.b64encode(text.encode()).decode())

    def peek(self, suffix: str = "") -> list[str]:
        """Read the raw messages without taking them."""
        with self.client(suffix) as client:
            return [message.content for message in client.peek_messages(max_messages=32)]


@pytest.fixture
def sample(azurite: Azurite, unique: Callable[[str], str]) -> Sample:
    return Sample(azurite, unique("host"))


@pytest.fixture
def host(sample: Sample) -> Iterator[Host]:
    with Host(sample.app, sample.settings, host_json=HOST_JSON) as host:
        host.create_queues()
        yield host


def test_a_request_reaches_its_function_and_gets_its_answer(host: Host) -> None:
    """With route parameters, query, body, status, headers and content type."""
    answer = host.client().post("/api/echo/hello?n=1", content=b"text")

    assert answer.status_code == 202
    assert answer.json() == {"word": "hello", "n": "1", "body": "text"}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("POST", "/api/echo/hello", 401, id="no key"),
        pytest.param("POST", "/api/echo/hello?code=wrong", 401, id="a wrong key"),
        pytest.param("GET", "/api/echo/hello", 404, id="a method without a function"),
        pytest.param("HEAD", "/api/door", 404, id="HEAD is not GET"),
        pytest.param("POST", "/echo/hello", 404, id="without the route prefix"),
        pytest.param("POST", "/api/echo/a/b", 404, id="a path too deep"),
        pytest.param("GET", "/api/door", 500, id="anonymous, and the function raises"),
    ],
)
def test_requests_are_refused_as_the_real_host_does(host: Host, method: str, path: str, status: int) -> None:
    """The key is checked only if path and method match; an answer to an exception has no details."""
    with httpx.Client(transport=httpx.WSGITransport(app=host.wsgi), base_url="http://host") as stranger:
        answer = stranger.request(method, path)

    assert answer.status_code == status
    assert answer.content == b""


def test_the_key_can_be_in_the_address(host: Host) -> None:
    """As in the address that Graph uses."""
    with httpx.Client(transport=httpx.WSGITransport(app=host.wsgi)) as graph:
        assert graph.post(host.address("echo/hello")).status_code == 202


def test_a_message_is_decoded_processed_and_deleted(host: Host, sample: Sample) -> None:
    """The function gets the text and the dequeue count, and the queue is empty then."""
    sample.send("hello")

    assert host.drain() == 1
    assert [(m.get_body(), m.dequeue_count) for m in sample.messages] == [(b"hello", 1)]
    assert host.waiting() == {sample.queue: 0}


def test_a_host_that_stops_leaves_the_other_messages(host: Host, sample: Sample) -> None:
    """It ends after the message in progress."""
    sample.send("one")
    sample.send("two")

    assert host.drain(lambda: True) == 1
    assert host.waiting() == {sample.queue: 1}


def test_a_failed_message_is_hidden_then_retried_then_poisoned(
    host: Host, sample: Sample, azurite: Azurite, caplog: pytest.LogCaptureFixture
) -> None:
    """After each `visibilityTimeout`; at `maxDequeueCount` the text moves unchanged."""
    sample.on_message = _raise
    sample.send("hello")
    with caplog.at_level(logging.CRITICAL, "Function.work"):
        first, hidden = host.drain(), host.drain()
        azurite.advance(timedelta(seconds=30))
        second = host.drain()

    assert (first, hidden, second) == (1, 0, 1)
    assert [m.dequeue_count for m in sample.messages] == [1, 2]
    assert sample.peek("-poison") == [base64.b64encode(b"hello").decode()]
    assert host.waiting() == {sample.queue: 0}
    assert [failure.function for failure in host.failures] == ["work", "work"]


def test_a_message_that_is_not_base64_goes_to_poison_without_a_call(host: Host, sample: Sample) -> None:
    """As in the real host, it is moved at once."""
    with sample.client() as client:
        client.send_message("{plain}")
    host.drain()

    assert sample.messages == []
    assert sample.peek("-poison") == ["{plain}"]


def test_a_message_over_its_dequeue_count_goes_to_poison_without_a_call(
    host: Host, sample: Sample, azurite: Azurite
) -> None:
    """So a message that kills the host is not retried forever."""
    sample.send("deadly")
    with sample.client() as client:
        for _ in range(2):
            assert client.receive_message(visibility_timeout=1)
            azurite.advance(timedelta(seconds=1))
    host.drain()

    assert sample.messages == []
    assert len(sample.peek("-poison")) == 1


def test_a_failed_message_of_a_poison_queue_stays_hidden_until_its_lease_ends(
    azurite: Azurite, unique: Callable[[str], str]
) -> None:
    """There is no poison queue of a poison queue."""
    sample = Sample(azurite, f"{unique('host')}-poison")
    sample.on_message = _raise
    with Host(sample.app, sample.settings, host_json=HOST_JSON) as host:
        host.create_queues()
        sample.send("hello")
        first = host.drain()
        azurite.advance(timedelta(minutes=9))
        leased = host.drain()
        azurite.advance(timedelta(minutes=1))

        assert (first, leased, host.drain()) == (1, 0, 1)


def test_a_queue_function_that_returns_something_fails(host: Host, sample: Sample) -> None:
    """As in Microsoft's worker."""
    sample.on_message = lambda _: "done"
    sample.send("hello")
    host.drain()

    assert isinstance(host.failures[0].error, TypeError)
    assert host.waiting() == {sample.queue: 1}


def test_a_missing_queue_is_not_an_error_and_is_not_created(sample: Sample) -> None:
    """The infrastructure creates queues, not the host."""
    with Host(sample.app, sample.settings, host_json=HOST_JSON) as host:
        assert host.drain() == 0


def test_a_timer_runs_on_request(host: Host, sample: Sample) -> None:
    """Timers don't run by themselves here."""
    host.run_timer("tick")

    assert [tick.past_due for tick in sample.ticks] == [False]


def test_a_setting_overrides_host_json(sample: Sample) -> None:
    """With `AzureFunctionsJobHost__…`, as in the cloud."""
    sample.settings["AzureFunctionsJobHost__extensions__queues__messageEncoding"] = "none"
    with Host(sample.app, sample.settings, host_json=HOST_JSON) as host:
        host.create_queues()
        with sample.client() as client:
            client.send_message("plain")
        host.drain()

    assert [m.get_body() for m in sample.messages] == [b"plain"]


def test_the_live_host_processes_as_many_messages_as_host_json_allows(sample: Sample) -> None:
    """Threshold plus batch, here four: four messages meet at a barrier, and there are never more."""
    queues = {"batchSize": 2, "newBatchThreshold": 2}
    together = threading.Barrier(4)
    crowd = []

    def meet(_: func.QueueMessage) -> None:
        crowd.append(sample.in_progress)
        together.wait(60)

    sample.on_message = meet
    sample.settings["PYTHON_THREADPOOL_THREAD_COUNT"] = "8"
    with Host(sample.app, sample.settings, host_json={"extensions": {"queues": queues}}) as host:
        host.create_queues()
        for n in range(8):
            sample.send(str(n))
        with host.live():
            answer = httpx.post(host.address("echo/live"))
            assert host.quiet(10)
            assert host.waiting() == {sample.queue: 0}

        assert answer.status_code == 202
        assert sorted(m.get_body() for m in sample.messages) == [str(n).encode() for n in range(8)]
        assert max(crowd) == 4
        assert host.failures == []


def test_a_live_host_is_not_quiet_while_it_works(sample: Sample) -> None:
    """A test waits for that before it moves the clock; hidden messages don't count."""
    leave = threading.Event()

    def linger(_: func.QueueMessage) -> None:
        leave.wait(60)

    sample.on_message = linger
    with Host(sample.app, sample.settings, host_json=HOST_JSON) as host:
        host.create_queues()
        sample.send("work")
        with host.live():
            assert not host.quiet(0.3)
            leave.set()
            sample.on_message = _raise
            sample.send("fails, and is hidden")
            assert host.quiet(10)

        assert len(sample.messages) == 2
        assert host.waiting() == {sample.queue: 1}


def _raise(_: func.QueueMessage) -> None:
    raise LookupError("no")
