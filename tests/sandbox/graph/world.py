"""A small tenant in the stand-in, with a manual clock and an inbox for notifications."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from sandbox.graph import DirectoryUser, Reply, StandIn
from sandbox.serve import InProcess

TENANT = "6f1c1d0e-1111-4222-8333-444455556666"
NOTIFY = "https://joinlink.example/api/notifications?code=function-key"
TOMORROW = {
    "start": {"dateTime": "2026-11-24T10:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2026-11-24T11:00:00", "timeZone": "UTC"},
}
WEEKLY = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
    "range": {"type": "numbered", "startDate": "2026-11-24", "numberOfOccurrences": 4},
}
GO_ONLINE = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}


class Clock:
    """A clock that moves only by `advance`."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self.now += by


class GraphWorld:
    """The tenant contoso.com: Ada, Bo and a boardroom; `app` is the app's own client, with a token."""

    def __init__(self, *, record: bool = True) -> None:
        self.clock = Clock()
        self.slept: list[float] = []
        self.seconds = 0.0
        #: the durations of the next POSTs
        self.takes: list[float] = []
        self.answers: list[int] = []
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.handshakes: list[str] = []
        #: answers a validation request, given its token
        self.handshake: Callable[[str], Reply] = _echo
        self.graph = StandIn(
            now=self.clock,
            tenant_id=TENANT,
            domains=("contoso.com", "contoso.onmicrosoft.com"),
            post=self._receive,
            sleep=self.slept.append,
            stopwatch=lambda: self.seconds,
            record=record,
        )
        self.ada = self.graph.add_user("Ada Lovelace", "ada@contoso.com")
        self.bo = self.graph.add_user("Bo Diddley", "bo@contoso.com")
        self.room = self.graph.add_user("Boardroom", "boardroom@contoso.com", kind="room")
        self.app = self.client({"Authorization": f"Bearer {self.token()}"})

    def client(self, headers: Mapping[str, str]) -> httpx.Client:
        """Return a client of the stand-in that sends these headers."""
        return httpx.Client(
            transport=InProcess(self.graph), base_url="https://graph.test/v1.0", headers=dict(headers)
        )

    def token(self, resource: str = "https://graph.microsoft.com") -> str:
        """Return a token from the managed identity endpoint."""
        with self.client({"X-IDENTITY-HEADER": "secret"}) as client:
            query = {"resource": resource, "api-version": "2019-08-01"}
            token: str = client.get("https://graph.test/msi/token", params=query).json()["access_token"]
            return token

    def book(self, user: DirectoryUser, *invited: str, **properties: Any) -> dict[str, Any]:
        """Have a user create an event for tomorrow at ten with their own client; return the answer."""
        attendees = [{"emailAddress": {"address": address}} for address in invited]
        with self.client(self.graph.as_user(user)) as client:
            body = {"subject": "Review", "attendees": attendees, **TOMORROW, **properties}
            answer = client.post(f"/users/{user.id}/events", json=body)
            assert answer.status_code == 201, answer.text
            return dict(answer.json())

    def read(self, user: DirectoryUser, event_id: str, **headers: str) -> dict[str, Any]:
        """Return an event as the app reads it."""
        answer = self.app.get(f"/users/{user.id}/events/{event_id}", headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def copy_of(self, user: DirectoryUser, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return a user's copy of an event from another mailbox."""
        listed = self.app.get(f"/users/{user.id}/events", params={"$top": 100}).json()["value"]
        return next(copy for copy in listed if copy["iCalUId"] == event["iCalUId"])

    def patch(self, user: DirectoryUser, event_id: str, body: Any, **headers: str) -> httpx.Response:
        """Write to an event as the app."""
        return self.app.patch(f"/users/{user.id}/events/{event_id}", json=body, headers=headers)

    def subscribe(self, user: DirectoryUser, *, prefer: str = "", **properties: Any) -> httpx.Response:
        """Subscribe to a user's events as the app, for a day."""
        body = {
            "changeType": "created,updated",
            "resource": f"users/{user.id}/events",
            "notificationUrl": NOTIFY,
            "expirationDateTime": (self.clock.now + timedelta(days=1)).isoformat(),
            "clientState": "our-secret",
            **properties,
        }
        return self.app.post("/subscriptions", json=body, headers={"Prefer": prefer} if prefer else {})

    def notified(self) -> list[dict[str, Any]]:
        """Deliver due notifications and return all items since the last call."""
        self.graph.deliver()
        items = [item for _, body in self.posts for item in body["value"]]
        self.posts.clear()
        return items

    def _receive(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        token = parse_qs(urlsplit(url).query).get("validationToken")
        if token:
            self.handshakes.append(url)
            return self.handshake(token[0])
        assert headers["Content-Type"] == "application/json; charset=utf-8"
        self.posts.append((url, json.loads(body)))
        self.seconds += self.takes.pop(0) if self.takes else 0.0
        return Reply(self.answers.pop(0) if self.answers else 202)

    def refused(self, answer: httpx.Response) -> tuple[int, str]:
        """Return the status and Graph's error code of an answer."""
        return answer.status_code, answer.json()["error"]["code"]


def _echo(token: str) -> Reply:
    return Reply(200, "text/plain; charset=utf-8", token.encode())
