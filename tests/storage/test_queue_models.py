"""The queue SDK completes its models at their first use, which two threads must not do at the same time."""

import subprocess
import sys
from threading import Event, Thread

import pytest
import requests

from shared.storage import queue_models

SCRIPT = """
from azure.storage.queue._generated import models
from shared.settings import StorageSettings
from shared.storage.queues import MessageQueue

CONNECTION = "AccountName=a;AccountKey=a2V5;QueueEndpoint=http://localhost/a"
CLASSES = (models.QueueMessage, models.SentMessage, models.ListOfSentMessage)

def incomplete():
    return sum("_attr_to_rest_field" not in vars(one) for one in CLASSES)

before = incomplete()
MessageQueue.connect("event-changes", StorageSettings(connection_string=CONNECTION), None)
print(before, incomplete())
"""


def test_the_models_of_a_queue_are_complete_before_its_first_message() -> None:
    """So the first POST of a process can send all its messages concurrently."""
    done = subprocess.run(  # noqa: S603 -- our own code
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["3", "0"]


def test_two_threads_do_not_complete_them_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The webhook and the worker build their queues at the same time; the second thread waits."""
    send, sent, second = queue_models._Canned.send, Event(), Event()
    calls = []

    def send_slowly(self: queue_models._Canned, request: requests.PreparedRequest) -> requests.Response:
        calls.append(request)
        sent.set()
        second.wait()
        return send(self, request)

    def complete_second() -> None:
        sent.wait()
        second.set()
        queue_models.complete_queue_models()

    monkeypatch.setattr(
        queue_models._Canned, "send", lambda self, request, **_options: send_slowly(self, request)
    )
    queue_models._complete.cache_clear()
    threads = [Thread(target=queue_models.complete_queue_models), Thread(target=complete_second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(calls) == 1
