"""Completes the model classes of azure-storage-queue before threads share them.

The SDK completes each model class at its first use. Where two threads do so at the same time, one of them
fails with "dictionary changed size during iteration" (`Model.__new__`, azure-storage-queue 12.18).
"""

import io
from functools import cache
from threading import Lock
from typing import Any

import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.queue import QueueClient
from requests.adapters import BaseAdapter

_TIME = "Thu, 01 Jan 2026 00:00:00 GMT"
_TAKEN = f"""<QueueMessagesList><QueueMessage><MessageId>0</MessageId><PopReceipt>0</PopReceipt>
<InsertionTime>{_TIME}</InsertionTime><ExpirationTime>{_TIME}</ExpirationTime>
<TimeNextVisible>{_TIME}</TimeNextVisible></QueueMessage></QueueMessagesList>"""
#: `cache` would let two threads in
_lock = Lock()


def complete_queue_models() -> None:
    """Use each model class that sending needs, once for a process. The answer is canned: no network."""
    with _lock:
        _complete()


@cache
def _complete() -> None:
    session = requests.Session()
    session.mount("http://", _Canned())
    with QueueClient(
        "http://localhost?sig=none", "none", transport=RequestsTransport(session=session)
    ) as client:
        client.send_message("")


class _Canned(BaseAdapter):
    """Answers that the queue took the message."""

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        """Return the answer."""
        response = requests.Response()
        response.request, response.url, response.status_code = request, request.url or "", 201
        response.headers["Content-Type"] = "application/xml"
        response.raw = io.BytesIO(_TAKEN.encode())
        return response

    def close(self) -> None:
        """Do nothing: there is no connection."""
