"""Setting up the tenant: who comes, changes and leaves, and which groups there are."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from threading import RLock
from typing import Any, Literal

from sandbox.graph.directory import DirectoryGroup, TenantDirectory
from sandbox.graph.ids import Ids
from sandbox.graph.mailboxes import HostedMailboxes
from sandbox.graph.user import TEAMS, DirectoryUser


class Tenant:
    """What the admins of a tenant do. Adding a user is cheap: a mailbox comes into being when it is used."""

    def __init__(
        self, *, directory: TenantDirectory, mailboxes: HostedMailboxes, ids: Ids, lock: RLock
    ) -> None:
        self.directory = directory
        self._mailboxes = mailboxes
        self._ids = ids
        self._lock = lock

    def add_user(
        self,
        name: str,
        address: str,
        *,
        signs_in_as: str = "",
        aliases: tuple[str, ...] = (),
        default_provider: str = TEAMS,
        allowed_providers: tuple[str, ...] = (TEAMS,),
        kind: Literal["user", "room", "equipment", "shared"] = "user",
        mailbox: bool = True,
        enabled: bool = True,
        honors_online_meeting: bool = True,
        join_url_delay: timedelta = timedelta(0),
    ) -> DirectoryUser:
        """Add a person or a room; the providers are those of the default calendar.

        `signs_in_as` is the user principal name, where it is not the address. `enabled` False blocks the
        account, as those of rooms and shared mailboxes commonly are.
        """
        with self._lock:
            user = DirectoryUser(
                id=self._ids.guid(),
                name=name,
                address=address,
                signs_in_as=signs_in_as,
                aliases=aliases,
                kind=kind,
                mailbox=mailbox,
                account_enabled=enabled,
                default_provider=default_provider,
                allowed_providers=allowed_providers,
                honors_online_meeting=honors_online_meeting,
                join_url_delay=join_url_delay,
            )
            self.directory.put(user)
            return user

    def add_guest(self, name: str, address: str) -> DirectoryUser:
        """Add a guest: known by an `#EXT#` name, and without a mailbox here."""
        with self._lock:
            domain = self.directory.guest_domain
            user = DirectoryUser(
                id=self._ids.guid(), name=name, address=address, mailbox=False, guest_of=domain
            )
            self.directory.put(user)
            return user

    def change_user(self, user: DirectoryUser, **changes: Any) -> DirectoryUser:
        """Return a user changed: `mailbox=True` provisions one, `account_enabled=False` blocks."""
        with self._lock:
            changed = replace(self.directory.user(user.id), **changes)
            self.directory.put(changed)
            return changed

    def remove_user(self, user: DirectoryUser) -> None:
        """Delete a user, who is no member of any group then; subscriptions are not ended by this."""
        with self._lock:
            self.directory.drop(user.id)

    def add_calendar(
        self, user_id: str, name: str, default_provider: str, allowed_providers: tuple[str, ...]
    ) -> str:
        """Add a secondary calendar to a user's mailbox; return its id."""
        with self._lock:
            mailbox = self._mailboxes.of(user_id)
            return self._mailboxes.add_calendar(mailbox, name, default_provider, allowed_providers).id

    def add_group(
        self,
        name: str,
        members: Iterable[DirectoryUser | str],
        *,
        address: str = "",
        aliases: tuple[str, ...] = (),
    ) -> str:
        """Add a group of users and of groups, which are named by id; return its id."""
        with self._lock:
            group = DirectoryGroup(
                id=self._ids.guid(), name=name, members=_ids_of(members), address=address, aliases=aliases
            )
            self.directory.put_group(group)
            return group.id

    def set_members(self, group_id: str, members: Iterable[DirectoryUser | str]) -> None:
        """Give a group other members, as in `add_group`."""
        with self._lock:
            group = replace(self.directory.group(group_id), members=_ids_of(members))
            self.directory.put_group(group)

    def remove_group(self, group_id: str) -> None:
        """Delete a group; its members stay."""
        with self._lock:
            self.directory.drop(group_id)


def _ids_of(members: Iterable[DirectoryUser | str]) -> tuple[str, ...]:
    return tuple(member if isinstance(member, str) else member.id for member in members)
