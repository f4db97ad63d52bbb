"""The client: calls of `protocol` over one httpx.Client, with a token, one quick retry, and a tally."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

import httpx

from shared.domain.event import Calendar, Event
from shared.domain.mailbox import Subscription, User
from shared.errors import GraphUnavailable, MailboxUnusable
from shared.graph import directory_calls, protocol, subscription_calls, wire, wire_directory
from shared.graph.protocol import Call

#: Graph answers most reads within a second; a minute of silence would hold a thread that others need.
TIMEOUT = httpx.Timeout(20, connect=5)


class _Token(Protocol):
    @property
    def value(self) -> str: ...


class _Tokens(Protocol):
    def token(self, resource: str, *, refused: str = "") -> _Token: ...


class GraphAuth(httpx.Auth):
    """Puts a token on each request, and a fresh one once where Graph answers 401."""

    def __init__(self, tokens: _Tokens, resource: str) -> None:
        self._tokens = tokens
        self._resource = resource

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the request with a token; httpx sends it."""
        token = self._tokens.token(self._resource).value
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            token = self._tokens.token(self._resource, refused=token).value
            request.headers["Authorization"] = f"Bearer {token}"
            yield request


@dataclass(slots=True)
class Tally:
    """What the calls for one message came to; Microsoft's support asks for the request ids."""

    calls: int = 0
    writes: int = 0
    request_ids: list[str] = field(default_factory=list)
    #: Graph's clock, as its last answer tells it
    date: str = ""


class Graph:
    """Graph for the calls of one message; all that it is asked is counted in `tally`.

    Every method raises a `GraphError` whose class says what to do next.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self.tally = Tally()

    def event(self, mailbox: str, event: str, *, with_body: bool = False) -> Event:
        """Read an event as it is now."""
        call = protocol.read_event(mailbox, event, with_body=with_body)
        return wire.event_from(self._send(call), call.name)

    def calendar_of(self, mailbox: str, event: str) -> Calendar:
        """Read the calendar that the event lies in."""
        call = protocol.read_calendar_of(mailbox, event)
        return wire.calendar_from(self._send(call), call.name)

    def calendar_view(
        self, mailbox: str, start: datetime, end: datetime, *, with_body: bool = False
    ) -> Iterator[tuple[Event, ...]]:
        """Yield what the mailbox's calendar shows between two moments, series expanded, page by page."""
        call = protocol.read_calendar_view(mailbox, start, end, with_body=with_body)
        return (wire.events_from(page, call.name) for page in self._pages(call))

    def default_calendar(self, mailbox: str) -> Calendar:
        """Read a mailbox's default calendar; MailboxUnusable where there is none."""
        call = protocol.read_default_calendar(mailbox)
        return wire.calendar_from(self._send(call), call.name)

    def enable_online_meeting(self, mailbox: str, event: Event, provider: str) -> Event:
        """Turn the event, unchanged since we read it, into an online meeting; return it as Graph answers."""
        call = protocol.enable_online_meeting(mailbox, event.id, etag=event.etag, provider=provider)
        return wire.event_from(self._send(call), call.name)

    def verified_domains(self) -> frozenset[str]:
        """Read the tenant's verified domains, lower-case."""
        call = protocol.read_verified_domains()
        return wire_directory.domains_from(self._send(call), call.name)

    def group_members(self, group: str) -> frozenset[str]:
        """Read the addresses of all users in a group, nested groups resolved, lower-case."""
        call = protocol.read_group_members(group)
        pages = (wire_directory.addresses_from(page, call.name) for page in self._pages(call))
        return frozenset().union(*pages)

    def create_subscription(
        self, mailbox: str, *, change_type: str, url: str, client_state: str, expires: datetime
    ) -> Subscription:
        """Subscribe to a mailbox's events; raises NotValidated, SubscriptionExists, MailboxUnusable, too."""
        call = subscription_calls.create_subscription(
            mailbox, change_type=change_type, url=url, client_state=client_state, expires=expires
        )
        return wire_directory.subscription_from(self._send(call), call.name)

    def renew_subscription(self, subscription: str, *, expires: datetime) -> Subscription:
        """Renew and reauthorize a subscription; raises SubscriptionNotFound, too."""
        call = subscription_calls.renew_subscription(subscription, expires=expires)
        return wire_directory.subscription_from(self._send(call), call.name)

    def subscription(self, subscription: str) -> Subscription:
        """Read a subscription; raises SubscriptionNotFound, too."""
        call = subscription_calls.read_subscription(subscription)
        return wire_directory.subscription_from(self._send(call), call.name)

    def delete_subscription(self, subscription: str) -> None:
        """Delete a subscription; raises SubscriptionNotFound, too."""
        self._send(subscription_calls.delete_subscription(subscription))

    def subscriptions(self) -> Iterator[tuple[Subscription, ...]]:
        """Yield the app's subscriptions, page by page; Graph's list is now and then behind the truth."""
        call = subscription_calls.list_subscriptions()
        return (wire_directory.subscriptions_from(page, call.name) for page in self._pages(call))

    def subscriptions_after(self, mark: str) -> tuple[tuple[Subscription, ...], str]:
        """Return a page of `subscriptions`, and the mark behind it, empty at the end; "" begins anew."""
        call = subscription_calls.list_subscriptions()
        page = self._send(protocol.next_page(call, {"@odata.nextLink": mark}) or call if mark else call)
        return wire_directory.subscriptions_from(page, call.name), str(page.get("@odata.nextLink") or "")

    def users(self) -> Iterator[tuple[User, ...]]:
        """Yield all users of the tenant, page by page."""
        call = directory_calls.list_users()
        return (wire_directory.users_from(page, call.name) for page in self._pages(call))

    def group_users(self, group: str) -> Iterator[tuple[User, ...]]:
        """Yield the users in a group, nested groups resolved, page by page."""
        call = directory_calls.list_group_users(group)
        return (wire_directory.users_from(page, call.name) for page in self._pages(call))

    def user(self, name: str) -> User:
        """Read a user by object id or user principal name; MailboxUnusable where there is none."""
        call = directory_calls.read_user(name)
        return wire_directory.user_from(self._send(call), call.name)

    def find_users(self, name: str) -> tuple[User, ...]:
        """Return the users with this object id, user principal name or address; none where nobody has it."""
        with suppress(MailboxUnusable):
            return (self.user(name),)
        if "@" not in name:
            return ()
        for call in (directory_calls.find_users_by_mail(name), directory_calls.find_users_by_alias(name)):
            if found := wire_directory.users_from(self._send(call), call.name):
                return found
        return ()

    def purpose(self, mailbox: str) -> str:
        """Read what a mailbox is for, such as `user` or `room`; MailboxUnusable where there is none."""
        call = directory_calls.read_purpose(mailbox)
        return wire_directory.purpose_from(self._send(call), call.name)

    def _pages(self, call: Call) -> Iterator[dict[str, Any]]:
        following: Call | None = call
        while following:
            page = self._send(following)
            yield page
            following = protocol.next_page(following, page)

    def _send(self, call: Call) -> dict[str, Any]:
        """Send, a read with one quick retry. After a write without answer, look first what came of it."""
        try:
            return self._send_once(call)
        except GraphUnavailable:
            if call.method != "GET":
                raise
            return self._send_once(call)

    def _send_once(self, call: Call) -> dict[str, Any]:
        self.tally.calls += 1
        self.tally.writes += call.method != "GET"
        try:
            response = self._http.request(
                call.method,
                protocol.VERSION + call.path,
                params=dict(call.params),
                headers={**call.headers, "client-request-id": str(uuid4())},
                json=call.json,
            )
        except httpx.TransportError as error:
            raise GraphUnavailable(call.name, detail=type(error).__name__) from error
        self.tally.calls += len(response.history)
        self.tally.date = response.headers.get("date", "")
        if request_id := response.headers.get("request-id"):
            self.tally.request_ids.append(request_id)
        return protocol.decipher(call, response.status_code, response.headers, response.content)


def graph_http(
    graph_url: str, auth: httpx.Auth, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    """Return the connection pool that all messages of a process share; tests bring their own `transport`."""
    return httpx.Client(
        base_url=graph_url,
        auth=auth,
        timeout=TIMEOUT,
        transport=transport,
        headers={"User-Agent": "Joinlink", "Accept": "application/json"},
        limits=httpx.Limits(max_connections=64, max_keepalive_connections=32),
    )


def call_ourselves(url: str, transport: httpx.BaseTransport | None = None) -> None:
    """Post a handshake to our own notification URL, as Graph will; what comes of it is for Graph to say."""
    with suppress(httpx.HTTPError), httpx.Client(timeout=TIMEOUT, transport=transport) as client:
        client.post(httpx.URL(url).copy_merge_params({"validationToken": "Joinlink wakes itself up"}))


def echo_of_ourselves(url: str, token: str, transport: httpx.BaseTransport | None = None) -> str:
    """Post a handshake to our own notification URL, as Graph does; return what is wrong with the answer."""
    try:
        with httpx.Client(timeout=TIMEOUT, transport=transport) as client:
            answer = client.post(httpx.URL(url).copy_merge_params({"validationToken": token}))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"it can't be reached ({type(error).__name__})"
    if answer.status_code != httpx.codes.OK:
        return f"it answers {answer.status_code}"
    return "" if answer.text == token else "it answers 200, and something else than Joinlink does"
