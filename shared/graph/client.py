"""The client: what can be asked of Graph, each call sent by one `Sender` and counted in a tally."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any

import httpx

from shared.domain.event import Calendar, Event
from shared.domain.mailbox import Subscription, User
from shared.errors import GraphUnavailable, MailboxUnusable
from shared.graph import directory_calls, protocol, subscription_calls, wire, wire_directory
from shared.graph.protocol import Call
from shared.graph.sending import Sender, Tally
from shared.graph.transport import TIMEOUT, graph_http
from shared.graph.wire_pages import CalendarPage, calendar_page_from

__all__ = ["Graph", "Sender", "Tally", "call_ourselves", "echo_of_ourselves", "graph_http"]

#: Directory lists have up to a thousand items a page.
_MOST_PAGES = 2000
#: so that what is remembered of a tenant's groups has a bound
_MOST_PAGES_OF_GROUPS = 20


class Graph:
    """Graph for the calls of one message; all that it is asked is counted in `tally`.

    Every method raises a `GraphError` whose class says what to do next, or `OutOfTime` before it sends.
    """

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.tally = Tally()

    def event(self, mailbox: str, event: str, *, with_body: bool = False) -> Event:
        """Read an event as it is now."""
        call = protocol.read_event(mailbox, event, with_body=with_body)
        return wire.event_from(self._send(call), call.name)

    def calendar_of(self, mailbox: str, event: str) -> Calendar:
        """Read the calendar that the event lies in."""
        call = protocol.read_calendar_of(mailbox, event)
        return wire.calendar_from(self._send(call), call.name)

    def calendar_page(
        self,
        mailbox: str,
        window: tuple[datetime, datetime],
        *,
        mark: str = "",
        size: int = protocol.PAGE,
        with_body: bool = False,
    ) -> CalendarPage:
        """Read a page of what the mailbox's calendar shows between two moments, series expanded.

        `mark` is the one of the page before, empty for the first page, `size` how many events it may hold.
        """
        call = protocol.read_calendar_view(mailbox, *window, with_body=with_body)
        call = protocol.page_of(call, mark, size)
        return calendar_page_from(self._send(call), call.name)

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
        """Read by which addresses people in a group are invited, in canonical form; none of an empty one.

        They are those of all users in it, nested groups resolved, and the group's own.
        """
        call = protocol.read_group_members(group)
        pages = (wire_directory.addresses_from(page, call.name) for page in self._pages(call))
        members = frozenset[str]().union(*pages)
        if not members:
            return members
        call = protocol.read_group(group)
        return members | wire_directory.group_addresses_from(self._send(call), call.name)

    def mail_groups(self) -> frozenset[str]:
        """Read the addresses of the tenant's groups in canonical form; of a great many, the first."""
        call = protocol.list_mail_groups()
        pages = islice(self._pages(call), _MOST_PAGES_OF_GROUPS)
        return frozenset().union(*(wire_directory.groups_from(page, call.name) for page in pages))

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
        """Return a page of `subscriptions`, and the mark behind it, empty at the end; "" begins again."""
        call = subscription_calls.list_subscriptions()
        page = self._send(protocol.next_page(call, {"@odata.nextLink": mark}) or call if mark else call)
        following = str(page.get("@odata.nextLink") or "")
        if following and following == mark:
            raise GraphUnavailable(call.name, detail="the link to the next page repeats")
        return wire_directory.subscriptions_from(page, call.name), following

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

    def _pages(self, call: Call, most: int = 0) -> Iterator[dict[str, Any]]:
        """Yield the pages; raises GraphUnavailable where their links repeat or never end."""
        following, seen, most = call, set[int](), most or _MOST_PAGES
        while True:
            seen.add(_place(following))
            page = self._send(following)
            yield page
            link = protocol.next_page(following, page)
            if link is None:
                return
            if _place(link) in seen:
                raise GraphUnavailable(call.name, detail=f"the links to pages repeat after {len(seen)}")
            if len(seen) >= most:
                raise GraphUnavailable(call.name, detail=f"more than {most} pages")
            following = link

    def _send(self, call: Call) -> dict[str, Any]:
        return self._sender.send(call, self.tally)


def _place(call: Call) -> int:
    return hash((call.path, *sorted(call.params.items())))


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
