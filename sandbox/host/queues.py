"""Queue triggers: what becomes of a message, told after the real host's QueueProcessor.

A message is leased for ten minutes and handed to the function. Done: deleted. Failed: hidden for host.json's
`visibilityTimeout`, and after `maxDequeueCount` tries copied to `<queue>-poison`. The lease is not renewed
here, since the app's `functionTimeout` is shorter.
"""

import base64
import binascii
import logging
from datetime import timedelta

import requests
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.functions.queue import QueueMessage as TriggerValue
from azure.storage.queue import QueueClient, QueueMessage
from requests.adapters import HTTPAdapter

from sandbox.host.bindings import Function, QueueTrigger
from sandbox.host.config import HostConfig
from sandbox.host.invocation import Invoker

LEASE = timedelta(minutes=10)
LONGEST_QUEUE_NAME = 63
POISON = "-poison"

CONNECTIONS = 64
"""Kept open for the threads that delete messages; with too few, urllib3 warns of each that it throws away."""

log = logging.getLogger("Host.Triggers.Queue")


class QueueListener:
    """Takes messages from one queue to one function."""

    def __init__(
        self, function: Function, trigger: QueueTrigger, *, config: HostConfig, invoker: Invoker
    ) -> None:
        self.queue = trigger.queue
        self._function = function
        self._config = config
        self._invoker = invoker
        self._client = _client(trigger.connection, trigger.queue)
        self._poison = _poison_queue(trigger)

    def create_queue(self) -> None:
        """Create the queue if it is missing, as the infrastructure does; the host itself never would."""
        _create(self._client)

    def waiting(self) -> int:
        """Count the messages in the queue, hidden and leased ones too."""
        return self._client.get_queue_properties().approximate_message_count or 0

    def receive(self, most: int) -> list[QueueMessage]:
        """Lease up to `most` (1 to 32) visible messages; none where the queue is missing."""
        seconds = LEASE // timedelta(seconds=1)
        pages = self._client.receive_messages(messages_per_page=most, visibility_timeout=seconds).by_page()
        try:
            return list(next(pages, ()))  # one page, one request
        except ResourceNotFoundError:
            return []

    def process(self, message: QueueMessage) -> None:
        """Call the function with a leased message, then delete, hide or poison it."""
        tries = message.dequeue_count or 0
        if tries > self._config.max_dequeue_count:  # an earlier host died over it
            self._move_to_poison(message)
            return
        try:
            body = self._decode(message.content)
        except ValueError:
            log.warning(
                "Message decoding has failed! Check MessageEncoding settings. MessageId=%s.", message.id
            )
            self._move_to_poison(message)
            return
        try:
            self._invoker.call(self._function, _trigger_value(message, body))
        except Exception:  # noqa: BLE001 -- the invoker has logged and recorded it
            self._put_back(message, tries)
        else:
            self._delete(message)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        if self._poison:
            self._poison.close()

    def _decode(self, text: str) -> bytes:
        if not self._config.base64:
            return text.encode()
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise ValueError("not base64") from error

    def _put_back(self, message: QueueMessage, tries: int) -> None:
        if self._poison is None:
            return  # the real host leaves it hidden until its lease ends
        if tries >= self._config.max_dequeue_count:
            self._move_to_poison(message)
            return
        delay = self._config.visibility_timeout // timedelta(seconds=1)
        self._client.update_message(message, visibility_timeout=delay)

    def _move_to_poison(self, message: QueueMessage) -> None:
        if self._poison is None:
            return
        log.warning(
            "Message has reached MaxDequeueCount of %s. Moving message to queue '%s'.",
            self._config.max_dequeue_count,
            self._poison.queue_name,
        )
        _create(self._poison)
        self._poison.send_message(message.content)
        self._delete(message)

    def _delete(self, message: QueueMessage) -> None:
        try:
            self._client.delete_message(message)
        except ResourceNotFoundError:
            log.debug("Message %s is gone already", message.id)


def _trigger_value(message: QueueMessage, body: bytes) -> TriggerValue:
    return TriggerValue(
        id=message.id,
        body=body,
        dequeue_count=message.dequeue_count,
        insertion_time=message.inserted_on,
        expiration_time=message.expires_on,
        time_next_visible=message.next_visible_on,
        pop_receipt=message.pop_receipt,
    )


def _poison_queue(trigger: QueueTrigger) -> QueueClient | None:
    name = f"{trigger.queue}{POISON}"
    if trigger.queue.endswith(POISON) or len(name) > LONGEST_QUEUE_NAME:
        return None
    return _client(trigger.connection, name)


def _client(connection: str, queue: str) -> QueueClient:
    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_maxsize=CONNECTIONS))
    return QueueClient.from_connection_string(connection, queue, transport=RequestsTransport(session=session))


def _create(client: QueueClient) -> None:
    try:
        client.create_queue()
    except ResourceExistsError:
        log.debug("Queue %s is there already", client.queue_name)
