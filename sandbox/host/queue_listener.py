"""Queue triggers: the processing of a message, as in the real host's QueueProcessor.

A message is leased for ten minutes and passed to the function; the lease is renewed while the function runs.
If the function succeeds, the message is deleted. If it fails, the message is hidden for host.json's
`visibilityTimeout`; after `maxDequeueCount` attempts it is copied to `<queue>-poison`, where it expires after
seven days.
"""

import base64
import binascii
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import requests
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.functions.queue import QueueMessage as TriggerValue
from azure.storage.queue import LinearRetry, QueueClient, QueueMessage
from requests.adapters import HTTPAdapter

from sandbox.host.bindings import Function, QueueTrigger
from sandbox.host.config import HostConfig
from sandbox.host.invocation import Call
from sandbox.host.leases import LEASE_SECONDS, Leases

LONGEST_QUEUE_NAME = 63
POISON = "-poison"
POISON_LIFE = timedelta(days=7)
MISSING_EVERY_SECONDS = 5
"""The real host polls a missing queue with backoff: twelve warnings a minute."""

CONNECTIONS = 64
"""Connections for the threads that delete messages; with too few, urllib3 logs warnings."""

log = logging.getLogger("Host.Triggers.Queue")
storage_log = logging.getLogger("Azure.Core")


class QueueListener:
    """Passes messages from one queue to one function by `call`."""

    def __init__(
        self,
        function: Function,
        trigger: QueueTrigger,
        *,
        config: HostConfig,
        call: Call,
        now: Callable[[], datetime],
    ) -> None:
        self.queue = trigger.queue
        self._function = function
        self._config = config
        self._call = call
        self._client = _client(trigger.connection, trigger.queue)
        self._leases = Leases(self._client, now)
        self._warned_at = float("-inf")
        self._poison = _poison_queue(trigger)

    def create_queue(self) -> None:
        """Create the queue if it is missing, as the infrastructure does; the host itself never does."""
        _create(self._client)

    def waiting(self) -> int:
        """Count the messages in the queue, hidden and leased ones too."""
        return self._client.get_queue_properties().approximate_message_count or 0

    def receive(self, most: int) -> list[QueueMessage]:
        """Lease up to `most` (1 to 32) visible messages; none if the queue is missing."""
        received = self._client.receive_messages(messages_per_page=most, visibility_timeout=LEASE_SECONDS)
        pages = received.by_page()
        try:
            return list(next(pages, ()))  # one page, one request
        except ResourceNotFoundError:
            self._warn_of_missing_queue()
            return []

    def renew_leases(self) -> None:
        """Renew the leases of messages in progress after half of the lease."""
        self._leases.renew()

    def process(self, message: QueueMessage) -> None:
        """Call the function with a leased message; then delete it, hide it or move it to the poison queue."""
        tries = message.dequeue_count or 0
        if tries > self._config.max_dequeue_count:  # hosts died while they processed it
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
            with self._leases.held(message):
                self._call(self._function, _trigger_value(message, body))
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
            return  # as in the real host, it stays hidden until its lease ends
        if tries >= self._config.max_dequeue_count:
            self._move_to_poison(message)
            return
        delay = self._config.visibility_timeout // timedelta(seconds=1)
        try:
            self._client.update_message(message, visibility_timeout=delay)
        except HttpResponseError as error:
            _ignore_lost_lease(message, error)

    def _warn_of_missing_queue(self) -> None:
        if time.monotonic() - self._warned_at >= MISSING_EVERY_SECONDS:
            self._warned_at = time.monotonic()
            storage_log.warning("Error response 404: the queue %s does not exist.", self.queue)

    def _move_to_poison(self, message: QueueMessage) -> None:
        if self._poison is None:
            return
        log.warning(
            "Message has reached MaxDequeueCount of %s. Moving message to queue '%s'.",
            self._config.max_dequeue_count,
            self._poison.queue_name,
        )
        _create(self._poison)
        self._poison.send_message(message.content, time_to_live=POISON_LIFE // timedelta(seconds=1))
        self._delete(message)

    def _delete(self, message: QueueMessage) -> None:
        try:
            self._client.delete_message(message)
        except HttpResponseError as error:
            _ignore_lost_lease(message, error)


def _ignore_lost_lease(message: QueueMessage, error: HttpResponseError) -> None:
    """Ignore that the message is deleted or leased by another host; raise any other error again."""
    if isinstance(error, ResourceNotFoundError) or getattr(error, "error_code", "") == "PopReceiptMismatch":
        log.debug("Message %s is deleted or leased by another host", message.id)
        return
    raise error


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
    # The default waits for more than a minute; the real host's client for seconds, and then it polls again.
    retries = LinearRetry(backoff=0, retry_total=3, random_jitter_range=0)
    return QueueClient.from_connection_string(
        connection, queue, transport=RequestsTransport(session=session), retry_policy=retries
    )


def _create(client: QueueClient) -> None:
    try:
        client.create_queue()
    except ResourceExistsError:
        log.debug("Queue %s already exists", client.queue_name)
