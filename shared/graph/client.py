"""The Graph client: one method for each call that Joinlink makes. `Tally` counts the calls."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import chain, islice
from typing import Any

from shared.domain.event import Calendar, Event
from shared.domain.mailbox import Group, ListedCalendar, Subscription, User
from shared.errors import GraphUnavailable, MailboxUnusable
from shared.graph.protocol import (
    calendar_json,
    directory_calls,
    directory_json,
    event_calls,
    event_json,
    paging,
    series_json,
    subscription_calls,
    subscription_json,
)
from shared.graph.protocol.calendar_json import CalendarPage
from shared.graph.protocol.call import GraphCall
from shared.graph.protocol.series_json import SeriesExceptions
from shared.graph.sender import Sender, Tally

#: Directory lists have up to a thousand items on a page.
_MAX_PAGES = 2000
#: bounds the memory for the addresses of a tenant's groups
_MAX_PAGES_OF_GROUPS = 20
#: Nobody has more than a thousand calendars; this bounds the time.
_MAX_PAGES_OF_CALENDARS = 10


class Graph:
    """Graph for the calls of one message; `tally` counts them.

    Every method raises a `GraphError` whose class names what to do next, or `OutOfTime` before it sends.
    """

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.tally = Tally()

    def event(self, mailbox: str, event: str) -> Event:
        """Read an event as it is now, without its body."""
        call = event_calls.read_event(mailbox, event)
        return event_json.parse_event(self._send(call), call.name)

    def event_with_body(self, mailbox: str, event: str) -> Event:
        """Read an event as it is now, with its body; also raises BodyTooLarge."""
        call = event_calls.read_event_with_body(mailbox, event)
        return event_json.parse_event(self._send(call), call.name)

    def event_ids_by_uid(self, mailbox: str, uid: str) -> tuple[str, ...]:
        """Return the ids of the single events and series masters that have this iCalUId."""
        call = event_calls.find_event_ids(mailbox, uid)
        return calendar_json.parse_event_ids(self._send(call), call.name)

    def exceptions_of(self, mailbox: str, series: str) -> SeriesExceptions:
        """Read the occurrences of a series that were changed on their own, with their times only."""
        call = event_calls.read_exceptions(mailbox, series)
        return series_json.parse_exceptions(self._send(call), call.name)

    def calendar_of(self, mailbox: str, event: str) -> Calendar:
        """Read the calendar that contains the event."""
        call = event_calls.read_calendar_of(mailbox, event)
        return calendar_json.parse_calendar(self._send(call), call.name)

    def calendar_page(
        self,
        mailbox: str,
        window: tuple[datetime, datetime],
        *,
        calendar: str = "",
        cursor: str = "",
        size: int = event_calls.PAGE_SIZE,
    ) -> CalendarPage:
        """Read a page of a calendar's events between two moments; Graph expands series.

        Without an id, `calendar` is the mailbox's default one. `cursor` is that of the page before, empty for
        the first page; `size` limits the events of a page.
        """
        call = event_calls.read_calendar_view(mailbox, *window, calendar=calendar)
        call = paging.page_at_cursor(call, cursor, size)
        return calendar_json.parse_calendar_page(self._send(call), call.name)

    def calendars(self, mailbox: str) -> tuple[ListedCalendar, ...]:
        """Read the list of a mailbox's calendars; of more than 10 pages, the first 10."""
        call = event_calls.list_calendars(mailbox)
        pages = islice(self._pages(call), _MAX_PAGES_OF_CALENDARS)
        found = (calendar_json.parse_listed_calendars(page, call.name) for page in pages)
        return tuple(chain.from_iterable(found))

    def default_calendar(self, mailbox: str) -> Calendar:
        """Read a mailbox's default calendar; raises MailboxUnusable where there is none."""
        call = event_calls.read_default_calendar(mailbox)
        return calendar_json.parse_calendar(self._send(call), call.name)

    def enable_online_meeting(self, mailbox: str, event: Event, provider: str) -> Event:
        """Turn the event into an online meeting, unless it changed since we read it; return the answer."""
        call = event_calls.enable_online_meeting(mailbox, event.id, etag=event.etag, provider=provider)
        return event_json.parse_event(self._send(call), call.name)

    def verified_domains(self) -> frozenset[str]:
        """Read the tenant's verified domains, in lower case."""
        call = directory_calls.read_verified_domains()
        return directory_json.parse_verified_domains(self._send(call), call.name)

    def group_members(self, group: str) -> frozenset[str]:
        """Read the canonical addresses that invite members of a group; empty for an empty group.

        They are the addresses of all its users, including those of nested groups, and the group's own.
        """
        call = directory_calls.read_group_members(group)
        pages = (directory_json.parse_member_addresses(page, call.name) for page in self._pages(call))
        members = frozenset[str]().union(*pages)
        if not members:
            return members
        call = directory_calls.read_group(group)
        return members | directory_json.parse_group_addresses(self._send(call), call.name)

    def mail_groups(self) -> frozenset[str]:
        """Read the canonical addresses of the tenant's groups; of more than 20 pages, the first 20."""
        call = directory_calls.list_mail_groups()
        pages = islice(self._pages(call), _MAX_PAGES_OF_GROUPS)
        addresses = (directory_json.parse_groups_addresses(page, call.name) for page in pages)
        return frozenset().union(*addresses)

    def group(self, group: str) -> Group:
        """Read what tells a group from others; raises UnexpectedAnswer where there is none."""
        call = directory_calls.read_named_group(group)
        return directory_json.parse_named_group(self._send(call), call.name)

    def find_groups(self, name: str) -> tuple[Group, ...]:
        """Return the groups of a name, at most a page of them; several may have the same."""
        call = directory_calls.find_groups(name)
        return directory_json.parse_named_groups(self._send(call), call.name)

    def find_group(self, address: str) -> str:
        """Return the id of the group with this main address; empty if there is none."""
        call = directory_calls.find_groups_by_mail(address)
        return next(iter(directory_json.parse_group_ids(self._send(call), call.name)), "")

    def create_subscription(
        self,
        mailbox: str,
        *,
        change_type: str,
        url: str,
        client_state: str,
        expires: datetime,
        calendar: str = "",
    ) -> Subscription:
        """Subscribe to the events of a mailbox, or of one of its calendars.

        Also raises NotValidated, SubscriptionExists, SubscriptionTooLong, MailboxUnusable, or EventNotFound
        without the calendar.
        """
        call = subscription_calls.create_subscription(
            mailbox,
            change_type=change_type,
            url=url,
            client_state=client_state,
            expires=expires,
            calendar=calendar,
        )
        return subscription_json.parse_subscription(self._send(call), call.name)

    def renew_subscription(self, subscription: str, *, expires: datetime) -> Subscription:
        """Renew and reauthorize a subscription; also raises SubscriptionNotFound, SubscriptionTooLong."""
        call = subscription_calls.renew_subscription(subscription, expires=expires)
        return subscription_json.parse_subscription(self._send(call), call.name)

    def subscription(self, subscription: str) -> Subscription:
        """Read a subscription; also raises SubscriptionNotFound."""
        call = subscription_calls.read_subscription(subscription)
        return subscription_json.parse_subscription(self._send(call), call.name)

    def delete_subscription(self, subscription: str) -> None:
        """Delete a subscription; also raises SubscriptionNotFound."""
        self._send(subscription_calls.delete_subscription(subscription))

    def subscriptions(self) -> Iterator[tuple[Subscription, ...]]:
        """Yield the app's subscriptions, page by page; Graph's list is sometimes out of date."""
        call = subscription_calls.list_subscriptions()
        return (subscription_json.parse_subscriptions(page, call.name) for page in self._pages(call))

    def subscriptions_page(self, link: str) -> tuple[tuple[Subscription, ...], str]:
        """Return the page of `subscriptions` at a link, "" for the first, and the link to the next, or ""."""
        call = subscription_calls.list_subscriptions()
        page = self._send(paging.page_at_link(call, link) if link else call)
        next_link = str(page.get(paging.NEXT_LINK) or "")
        return subscription_json.parse_subscriptions(page, call.name), next_link

    def users(self) -> Iterator[tuple[User, ...]]:
        """Yield all users of the tenant, page by page."""
        call = directory_calls.list_users()
        return (directory_json.parse_users(page, call.name) for page in self._pages(call))

    def group_users(self, group: str) -> Iterator[tuple[User, ...]]:
        """Yield the users in a group and its nested groups, page by page."""
        call = directory_calls.list_group_users(group)
        return (directory_json.parse_users(page, call.name) for page in self._pages(call))

    def user(self, name: str) -> User:
        """Read a user by object id or user principal name; raises MailboxUnusable where there is none."""
        call = directory_calls.read_user(name)
        return directory_json.parse_user(self._send(call), call.name)

    def department(self, mailbox: str) -> str | None:
        """Read the department of a mailbox's user, empty if there is none; None if it is not known."""
        call = directory_calls.read_department(mailbox)
        return directory_json.parse_department(self._send(call), call.name)

    def find_users(self, name: str) -> tuple[User, ...]:
        """Return the users with this object id, user principal name or address; may be empty."""
        with suppress(MailboxUnusable):
            return (self.user(name),)
        if "@" not in name:
            return ()
        for call in (directory_calls.find_users_by_mail(name), directory_calls.find_users_by_alias(name)):
            if found := directory_json.parse_users(self._send(call), call.name):
                return found
        return ()

    def mailbox_purpose(self, mailbox: str) -> str:
        """Read what a mailbox is for, such as `user` or `room`; raises MailboxUnusable if there is none."""
        call = directory_calls.read_mailbox_purpose(mailbox)
        return directory_json.parse_mailbox_purpose(self._send(call), call.name)

    def _pages(self, call: GraphCall) -> Iterator[dict[str, Any]]:
        """Yield all pages; raises GraphUnavailable where their links repeat or never end."""
        page_call, seen = call, set[int]()
        while True:
            seen.add(_page_id(page_call))
            page = self._send(page_call)
            yield page
            following = paging.next_page(page_call, page)
            if following is None:
                return
            if _page_id(following) in seen:
                raise GraphUnavailable(call.name, detail=f"the links to pages repeat after {len(seen)}")
            if len(seen) >= _MAX_PAGES:
                raise GraphUnavailable(call.name, detail=f"more than {_MAX_PAGES} pages")
            page_call = following

    def _send(self, call: GraphCall) -> dict[str, Any]:
        return self._sender.send(call, self.tally)


def _page_id(call: GraphCall) -> int:
    return hash((call.path, *sorted(call.params.items())))
