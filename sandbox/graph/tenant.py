"""The tenant: its state, which all parts of the stand-in share, and what its admins do."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import RLock
from typing import Any, Literal

from sandbox.graph.directory import DirectoryGroup, TenantDirectory
from sandbox.graph.event_habits import EventHabits
from sandbox.graph.ids import Ids
from sandbox.graph.mailboxes import HostedMailboxes
from sandbox.graph.notification_delivery import NotificationDelivery
from sandbox.graph.permissions import Permissions
from sandbox.graph.user import TEAMS, DirectoryUser

#: kinds of mailboxes whose accounts Exchange creates disabled
_CREATED_DISABLED = frozenset({"room", "equipment", "shared"})


class GraphTenant:
    """A tenant with users, groups, calendars and permissions. A mailbox is created when it is first used.

    Attributes:
        honors_if_match: whether a write to an event gets a 412 if `If-Match` names another version.
        stale_for: how long after a write the app still reads the event as it was before.
        delivery: how notifications are delivered; applies to the changes that follow.
        habits: how Exchange treats events.
    """

    def __init__(
        self, *, tenant_id: str, domains: tuple[str, ...], seed: int, now: Callable[[], datetime]
    ) -> None:
        self.now = now
        self.lock = RLock()
        self.ids = Ids(seed)
        self.directory = TenantDirectory(tenant_id=tenant_id, domains=domains)
        self.mailboxes = HostedMailboxes(self.ids, self.directory)
        self.permissions = Permissions()
        self.honors_if_match = True
        self.stale_for = timedelta(0)
        self.delivery = NotificationDelivery()
        self.habits = EventHabits()

    def add_user(
        self,
        name: str,
        address: str,
        *,
        signs_in_as: str = "",
        aliases: tuple[str, ...] = (),
        default_provider: str = TEAMS,
        allowed_providers: tuple[str, ...] = (TEAMS,),
        kind: Literal["user", "linked", "room", "equipment", "shared", "others"] = "user",
        department: str = "",
        mailbox: bool = True,
        enabled: bool | None = None,
        honors_online_meeting: bool = True,
        join_url_delay: timedelta = timedelta(0),
    ) -> DirectoryUser:
        """Add a person or a room; the providers are those of the default calendar.

        `signs_in_as` is the user principal name, if it differs from the address. `enabled` False blocks
        sign-in. Exchange creates rooms, devices and shared mailboxes so, which is the default for these.
        `change_user` turns a person's mailbox into a shared one (`kind="shared"`); Exchange leaves its
        account enabled.
        """
        with self.lock:
            user = DirectoryUser(
                id=self.ids.guid(),
                name=name,
                address=address,
                signs_in_as=signs_in_as,
                aliases=aliases,
                kind=kind,
                department=department,
                mailbox=mailbox,
                account_enabled=kind not in _CREATED_DISABLED if enabled is None else enabled,
                default_provider=default_provider,
                allowed_providers=allowed_providers,
                honors_online_meeting=honors_online_meeting,
                join_url_delay=join_url_delay,
            )
            self.directory.put(user)
            return user

    def add_guest(self, name: str, address: str) -> DirectoryUser:
        """Add a guest: a user with an `#EXT#` name and without a mailbox in this tenant."""
        with self.lock:
            domain = self.directory.guest_domain
            user = DirectoryUser(
                id=self.ids.guid(), name=name, address=address, mailbox=False, guest_of=domain
            )
            self.directory.put(user)
            return user

    def change_user(self, user: DirectoryUser, **changes: Any) -> DirectoryUser:
        """Change properties of a user and return it; `account_enabled=False` blocks sign-in."""
        with self.lock:
            changed = replace(self.directory.user(user.id), **changes)
            self.directory.put(changed)
            return changed

    def remove_user(self, user: DirectoryUser) -> None:
        """Delete a user, also from all groups. Subscriptions to the mailbox stay."""
        with self.lock:
            self.directory.drop(user.id)

    def add_calendar(
        self,
        user_id: str,
        name: str,
        default_provider: str = TEAMS,
        allowed_providers: tuple[str, ...] = (TEAMS,),
        *,
        shared_by: DirectoryUser | None = None,
        can_edit: bool = True,
    ) -> str:
        """Add a secondary calendar to a user's mailbox; return its id.

        `shared_by` is its owner, if that is someone else. `can_edit` is False for birthdays and holidays.
        """
        owner = shared_by.email_address() if shared_by else None
        with self.lock:
            mailbox = self.mailboxes.of(user_id)
            return self.mailboxes.add_calendar(
                mailbox, name, default_provider, allowed_providers, owner=owner, can_edit=can_edit
            ).id

    def remove_calendar(self, user_id: str, calendar_id: str) -> None:
        """Delete a secondary calendar with its events."""
        with self.lock:
            self.mailboxes.remove_calendar(user_id, calendar_id)

    def rename_calendar(self, user_id: str, calendar_id: str, name: str) -> None:
        """Give a calendar another name; its id stays."""
        with self.lock:
            self.mailboxes.of(user_id).calendar(calendar_id).name = name

    def add_group(
        self,
        name: str,
        members: Iterable[DirectoryUser | str],
        *,
        address: str = "",
        aliases: tuple[str, ...] = (),
    ) -> str:
        """Add a group of users and of groups, which are given by id; return its id."""
        with self.lock:
            group = DirectoryGroup(
                id=self.ids.guid(), name=name, members=_ids_of(members), address=address, aliases=aliases
            )
            self.directory.put_group(group)
            return group.id

    def set_members(self, group_id: str, members: Iterable[DirectoryUser | str]) -> None:
        """Replace the members of a group; see `add_group`."""
        with self.lock:
            group = replace(self.directory.group(group_id), members=_ids_of(members))
            self.directory.put_group(group)

    def remove_group(self, group_id: str) -> None:
        """Delete a group; its members stay."""
        with self.lock:
            self.directory.drop(group_id)


def _ids_of(members: Iterable[DirectoryUser | str]) -> tuple[str, ...]:
    return tuple(member if isinstance(member, str) else member.id for member in members)
