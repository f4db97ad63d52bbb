"""The webhook while storage fails: Graph waits three seconds, and a handshake must never wait.

Each story sets the one limit that it is about, and the others are a minute (`patience`): so it ends the same
way on a machine that stands still for some seconds.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.azurite import Azurite
from sandbox.stage import CLIENT_STATE_KEY, TENANT
from sandbox.storage_proxy import StorageFault, StorageProxy, storage_proxy
from shared import wiring
from shared.graph.protocol.client_state import client_state
from shared.wiring import webhook as wiring_webhook
from shared.worker.webhook import admission, sender_pool, webhook
from shared.worker.webhook.admission import SILENCE_SECONDS
from shared.worker.webhook.sender_pool import MAX_SENDERS
from shared.worker.webhook.webhook import ANSWER_SECONDS
from tests.bad_server import refused_port
from tests.stories.conftest import PATIENCE_SECONDS, StartStory, Story

ADA = "aaaaaaaa-0000-4000-8000-000000000001"
PATH = "/api/notifications"
#: the threads of Microsoft's worker for this test
THREADS = 40
SLOW_SECONDS = 0.25
#: An answer that no limit of the webhook's ended would come from storage's timeout, after a minute.
BY_ITSELF_SECONDS = PATIENCE_SECONDS / 2


@dataclass(frozen=True)
class StorageAnswer:
    status: int
    seconds: float


class Post:
    """Calls the app on a worker's threads, and measures each call from its arrival."""

    def __init__(self, story: Story, threads: int = THREADS) -> None:
        self._story = story
        self.pool = ThreadPoolExecutor(threads)

    def changes(self, count: int) -> Future[StorageAnswer]:
        items = [
            {
                "clientState": client_state(CLIENT_STATE_KEY, ADA),
                "tenantId": TENANT,
                "changeType": "updated",
                "resource": f"Users/{ADA}/Events/event-{n}",
            }
            for n in range(count)
        ]
        return self._call(json={"value": items})

    def handshake(self) -> Future[StorageAnswer]:
        return self._call(params={"validationToken": "x"})

    def _call(self, **request: Any) -> Future[StorageAnswer]:
        return self.pool.submit(self._answer, time.monotonic(), request)

    def _answer(self, began: float, request: dict[str, Any]) -> StorageAnswer:
        with self._story.stage.host.client() as client:
            status = client.post(PATH, **request).status_code
        return StorageAnswer(status, time.monotonic() - began)


@pytest.fixture
def bad(azurite: Azurite, start_story: StartStory) -> Iterator[tuple[StorageProxy, Post, Story]]:
    """A story with a connection to the queue service that can fail."""
    with storage_proxy(azurite.connection_string) as (line, connection_string):
        story = start_story(AzureWebJobsStorage=connection_string)
        post = Post(story)
        assert post.changes(1).result().status == 202  # warms up
        with post.pool:
            yield line, post, story


def rejections(story: Story) -> list[str]:
    return [str(line["reason"]) for line in story.log_lines("notification.rejected")]


@pytest.mark.parametrize(
    ("trouble", "seconds", "reason"),
    [
        pytest.param(
            StorageFault.SILENT, 0, "no answer from the storage service", id="accepts and never answers"
        ),
        pytest.param(StorageFault.DRIPPING, 0, "no answer from the storage service", id="sends single bytes"),
        pytest.param(StorageFault.BUSY, 0.0, "answered 503", id="503 at once"),
        pytest.param(StorageFault.BUSY, 0.3, "queue event-changes did not take a message", id="503 late"),
    ],
)
def test_storage_that_takes_no_messages_makes_graph_retry(
    bad: tuple[StorageProxy, Post, Story],
    monkeypatch: pytest.MonkeyPatch,
    trouble: StorageFault,
    seconds: float,
    reason: str,
) -> None:
    """503 for one change and for a hundred; the log names the cause."""
    line, post, story = bad
    monkeypatch.setattr(wiring_webhook, "SEND_SECONDS", 0.5)
    story.restart()
    line.set_fault(trouble, seconds)
    answers = [call.result() for call in [post.changes(1), post.changes(100)]]

    assert [answer.status for answer in answers] == [503, 503]
    assert any(reason in reported for reported in rejections(story))


def test_while_storage_is_silent_a_burst_is_refused_and_handshakes_are_answered(
    bad: tuple[StorageProxy, Post, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of forty POSTs a few wait, the others free their threads; storage is used again once it answers."""
    line, post, _story = bad
    for module in (admission, sender_pool):
        monkeypatch.setattr(module, "SILENCE_SECONDS", SILENCE_SECONDS)
    with monkeypatch.context() as limits:
        limits.setattr(webhook, "ANSWER_SECONDS", ANSWER_SECONDS)
        line.set_fault(StorageFault.SILENT)
        burst = [post.changes(1 + n % 2 * 99) for n in range(THREADS)]
        handshakes = [post.handshake() for _ in range(5)]
        greeted = [call.result() for call in handshakes]
        later = [post.changes(1).result(), post.handshake().result()]
        answers = [call.result() for call in burst]
    senders = [thread for thread in threading.enumerate() if thread.name.startswith("queue-send")]
    line.set_fault(StorageFault.NONE)

    assert len(senders) <= MAX_SENDERS
    assert {200} == {answer.status for answer in greeted}
    assert {503} == {answer.status for answer in answers}
    assert [answer.status for answer in later] == [503, 200]
    assert max(answer.seconds for answer in [*greeted, *answers, *later]) < BY_ITSELF_SECONDS
    assert post.changes(100).result().status == 202


@pytest.mark.parametrize(
    ("posts", "items"),
    [pytest.param(1, 100, id="a hundred changes"), pytest.param(40, 1, id="forty posts of one")],
)
def test_slow_storage_is_acknowledged(bad: tuple[StorageProxy, Post, Story], posts: int, items: int) -> None:
    """At 250 ms a message so many are sent at once that the last is sent in time, and so the answer is 202."""
    line, post, _story = bad
    line.set_fault(StorageFault.SLOW, SLOW_SECONDS)
    answers = [call.result() for call in [post.changes(items) for _ in range(posts)]]
    rounds = line.delayed / line.most_at_once

    assert {202} == {answer.status for answer in answers}
    assert line.delayed <= posts * items
    assert rounds * SLOW_SECONDS < ANSWER_SECONDS


def test_changes_of_one_message_are_handled_separately(
    bad: tuple[StorageProxy, Post, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker queues a message for each; none is lost, and each has its own log line."""
    _line, post, story = bad
    monkeypatch.setattr(sender_pool, "_LAST_SECONDS", 2 * PATIENCE_SECONDS)  # there is always too little time
    assert post.changes(60).result().status == 202
    assert story.stage.host.waiting()["event-changes"] < 10
    story.wait()

    ended = [line["event_id"] for line in story.log_lines("event.decided")]
    assert {f"event-{n}" for n in range(60)} == set(ended)
    assert len({line["trace"] for line in story.log_lines("event.decided")}) == 61  # and the warm-up


@contextmanager
def full() -> Iterator[int]:
    """A port with a full backlog: a connection gets no answer, as behind a firewall that drops packets."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        yield port
        for one in waiting:
            one.close()


@pytest.mark.parametrize(
    "storage", [pytest.param(full, id="drops packets"), pytest.param(refused_port, id="refuses connections")]
)
def test_unreachable_storage_makes_graph_retry(
    start_story: StartStory, monkeypatch: pytest.MonkeyPatch, storage: Callable[[], Any]
) -> None:
    """503, long before a minute has passed."""
    story = start_story()
    monkeypatch.setattr(wiring_webhook, "CONNECT_SECONDS", 0.5)
    post = Post(story)
    with storage() as port, post.pool:
        url = f"http://127.0.0.1:{port}/a"
        story.restart(AzureWebJobsStorage=f"AccountName=a;AccountKey=a2V5;QueueEndpoint={url}")
        answers = [call.result() for call in [post.changes(1), post.changes(100), post.handshake()]]
        wiring.joinlink().close()

    assert [answer.status for answer in answers] == [503, 503, 200]
    assert max(answer.seconds for answer in answers) < BY_ITSELF_SECONDS
    assert any("no connection to the storage service" in reported for reported in rejections(story))


def test_a_hanging_name_server_makes_graph_retry(
    start_story: StartStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that waits for it can't be stopped, but no other thread waits for that one."""
    story = start_story()
    monkeypatch.setattr(webhook, "ANSWER_SECONDS", 1.0)
    post = Post(story)
    never, other = socket.socketpair()
    with never, other, post.pool:

        def hang(*_arguments: object, **_options: object) -> None:
            never.recv(1)
            raise socket.gaierror("no such name")

        monkeypatch.setattr(socket, "getaddrinfo", hang)
        endpoint = "QueueEndpoint=http://queue.invalid/a"
        story.restart(AzureWebJobsStorage=f"AccountName=a;AccountKey=a2V5;{endpoint}")
        answers = [call.result() for call in [post.changes(1), post.changes(100), post.handshake()]]
        refused = post.changes(1).result()
        never.shutdown(socket.SHUT_RDWR)
        wiring.joinlink().close()

    assert [answer.status for answer in answers] == [503, 503, 200]
    assert max(answer.seconds for answer in answers) < BY_ITSELF_SECONDS
    assert refused.status == 503
    assert any("its name server" in reported for reported in rejections(story))


def test_a_hanging_token_endpoint_makes_graph_retry(
    start_story: StartStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A managed identity gets its storage token from an endpoint that may hang."""
    story = start_story()
    monkeypatch.setattr(webhook, "ANSWER_SECONDS", 1.0)
    post = Post(story)
    with post.pool, socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}/msi/token")
        identity = {"queueServiceUri": "https://127.0.0.1:9", "credential": "managedidentity"}
        identity |= {"tableServiceUri": "https://127.0.0.1:9", "blobServiceUri": "https://127.0.0.1:9"}
        story.restart(
            **{f"AzureWebJobsStorage__{name}": value for name, value in identity.items()},
            AzureWebJobsStorage="",
        )
        answers = [call.result() for call in [post.changes(1), post.changes(100), post.handshake()]]

    assert [answer.status for answer in answers] == [503, 503, 200]
    assert max(answer.seconds for answer in answers) < BY_ITSELF_SECONDS
    assert any("token" in reported for reported in rejections(story))
