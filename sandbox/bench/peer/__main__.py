"""Handles messages in as many tasks as asked for; prints what they needed as JSON.

https://learn.microsoft.com/graph/sdks/create-client
"""

import asyncio
import json
import os
import sys
import time
from itertools import count
from typing import Any

from azure.core.credentials import AccessToken
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.event import Event
from msgraph.generated.models.online_meeting_provider_type import OnlineMeetingProviderType

from sandbox.peak_memory import peak

_MAILBOX = "00000001-0000-4000-8000-000000000001"
_MESSAGES, _WARM_UP, _ROUNDS = 40, 64, 6


class _Credential:
    """Has a token already; a real credential returns it from its cache."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("lean", int(time.time()) + 3600)

    def close(self) -> None:
        """Do nothing."""


class _Peer:
    def __init__(self, url: str, kind: str) -> None:
        provider = AzureIdentityAuthenticationProvider(
            _Credential(), scopes=["https://graph.microsoft.com/.default"], allowed_hosts=["127.0.0.1"]
        )
        adapter = GraphRequestAdapter(provider)
        adapter.base_url = f"{url}/v1.0"
        self._client = GraphServiceClient(request_adapter=adapter)
        self._kind = kind
        self._numbers = count(1)

    async def message(self) -> None:
        """Handle one message."""
        name = f"{self._kind}-{os.getpid()}-{next(self._numbers)}"
        request = self._client.users.by_user_id(_MAILBOX).events.by_event_id(name)
        event = await request.get()
        if event.is_online_meeting or not event.is_organizer or not _has_guest(event):
            return
        change = Event(
            is_online_meeting=True, online_meeting_provider=OnlineMeetingProviderType.TeamsForBusiness
        )
        answer = await request.patch(change)
        assert answer.online_meeting.join_url

    async def until(self, end: float) -> tuple[int, float]:
        """Handle one message after the other; return how many, and the seconds."""
        began = time.perf_counter()
        for number in count(1):
            await self.message()
            if (now := time.perf_counter()) >= end:
                return number, now - began
        raise AssertionError

    async def round(self) -> float:
        """Return the CPU seconds of some messages, one after the other."""
        cpu = time.process_time()
        for _ in range(_MESSAGES):
            await self.message()
        return time.process_time() - cpu


def _has_guest(event: Any) -> bool:
    addresses = [each.email_address.address for each in event.attendees]
    return any(not address.endswith("@contoso.com") for address in addresses)


async def _run(job: dict[str, Any]) -> dict[str, Any]:
    peer = _Peer(job["url"], job["kind"])
    for _ in range(_WARM_UP if not job["seconds"] else 1):
        await peer.message()
    if not job["seconds"]:
        cpu, messages, seconds = min([await peer.round() for _ in range(_ROUNDS)]), _MESSAGES, 0.0
    else:
        began, cpu = time.perf_counter(), time.process_time()
        runs = [peer.until(began + job["seconds"]) for _ in range(job["tasks"])]
        done = await asyncio.gather(*runs)
        cpu = time.process_time() - cpu
        messages = sum(number for number, _ in done)
        seconds = messages / sum(number / seconds for number, seconds in done)
    return {
        "messages": messages,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "slowest_seconds": 0.0,
        "peak_bytes": peak(),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_run(json.loads(sys.argv[1])))))
