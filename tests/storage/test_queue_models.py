"""The queue SDK completes its models at their first use, which two threads must not do at the same time."""

import subprocess
import sys

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
