"""The users, rooms, groups and verified domains of a tenant of any size."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.graph.errors import Refusal
from sandbox.graph.numbered_list import NumberedList
from sandbox.graph.user import DirectoryUser


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryGroup:
    """A group; `members` are the object ids of its direct members. It may have a mail address."""

    id: str
    name: str
    members: tuple[str, ...]
    address: str = ""
    aliases: tuple[str, ...] = ()

    def properties(self) -> dict[str, Any]:
        """Return every property of the group that can be selected."""
        aliases = [f"smtp:{alias}" for alias in self.aliases]
        return {
            "id": self.id,
            "displayName": self.name,
            "mail": self.address or None,
            "groupTypes": ["Unified"] if self.address else [],
            "createdDateTime": "2024-05-01T08:00:00Z",
            "proxyAddresses": [f"SMTP:{self.address}", *aliases] if self.address else [],
        }


class TenantDirectory:
    """The directory. Users are found by object id or user principal name, ignoring case."""

    def __init__(self, *, tenant_id: str, domains: tuple[str, ...]) -> None:
        self.tenant_id = tenant_id
        self.domains = domains
        self._objects: NumberedList[DirectoryUser | DirectoryGroup] = NumberedList()
        self._row_of: dict[str, int] = {}
        #: deleted users too, since the events that they organized still refer to them
        self._users: dict[str, DirectoryUser] = {}
        self._by_name: dict[str, str] = {}
        self._by_address: dict[str, str] = {}
        #: the rows of a group's transitive members, until a membership changes
        self._inside: dict[str, list[int]] = {}

    @property
    def guest_domain(self) -> str:
        """The domain in the user principal names of guests: the tenant's initial domain."""
        return next((one for one in self.domains if one.endswith(".onmicrosoft.com")), self.domains[0])

    def put(self, user: DirectoryUser) -> None:
        """Add or replace a user."""
        if before := self._users.get(user.id):
            self._by_name.pop(before.principal_name.lower(), None)
            for address in before.addresses:
                self._by_address.pop(address, None)
        self._users[user.id] = user
        self._by_name[user.principal_name.lower()] = user.id
        self._by_address |= dict.fromkeys(user.addresses, user.id)
        if user.id in self._row_of:
            self._objects.replace(self._row_of[user.id], user)
        else:
            self._row_of[user.id] = self._objects.add(user)

    def put_group(self, group: DirectoryGroup) -> None:
        """Add or replace a group."""
        self._inside.clear()
        if group.id in self._row_of:
            self._objects.replace(self._row_of[group.id], group)
        else:
            self._row_of[group.id] = self._objects.add(group)

    def drop(self, object_id: str) -> None:
        """Delete a user or a group."""
        self._inside.clear()
        self._objects.drop(self._row_of.pop(object_id))

    def user(self, user_id: str) -> DirectoryUser:
        """Return a user by object id, also a deleted one."""
        return self._users[user_id]

    def find(self, reference: str) -> DirectoryUser | None:
        """Return the user with this object id or user principal name."""
        wanted = reference.lower()
        user_id = self._by_name.get(wanted, wanted)
        return self._users.get(user_id) if user_id in self._row_of else None

    def recipient(self, address: str) -> DirectoryUser | None:
        """Return the user with this mail address."""
        user_id = self._by_address.get(address.lower(), "")
        return self._users[user_id] if user_id in self._row_of else None

    def member(self, reference: str) -> DirectoryUser:
        """Return a user, for calls about the directory.

        Raises:
            Refusal: 404, there is no such user.
        """
        if user := self.find(reference):
            return user
        raise _resource_not_found(reference)

    def owner(self, reference: str) -> DirectoryUser:
        """Return a user with a mailbox, for calls about mailboxes.

        Raises:
            Refusal: 404, no such user, or a user without a mailbox in the cloud.
        """
        user = self.find(reference)
        if user is None and reference.lower() in self._users:
            raise _resource_not_found(reference)
        if user is None:
            raise Refusal(404, "ErrorInvalidUser", f"The requested user '{reference}' is invalid.")
        if not user.mailbox:
            raise Refusal(
                404,
                "MailboxNotEnabledForRESTAPI",
                "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
            )
        return user

    def group(self, group_id: str) -> DirectoryGroup:
        """Return a group.

        Raises:
            Refusal: 404, there is no such group.
        """
        row = self._row_of.get(group_id.lower())
        found = None if row is None else self._objects.at(row)
        if isinstance(found, DirectoryGroup):
            return found
        raise _resource_not_found(group_id)

    def users(self, start: int = 0) -> Iterator[tuple[int, DirectoryUser]]:
        """Yield all users with their row numbers, from a row on."""
        return ((row, one) for row, one in self._objects.walk(start) if isinstance(one, DirectoryUser))

    def groups(self, start: int = 0) -> Iterator[tuple[int, DirectoryGroup]]:
        """Yield all groups with their row numbers, from a row on."""
        return ((row, one) for row, one in self._objects.walk(start) if isinstance(one, DirectoryGroup))

    def members(self, group_id: str, start: int = 0) -> Iterator[tuple[int, DirectoryUser | DirectoryGroup]]:
        """Yield a group's transitive members with their row numbers, each once.

        Raises:
            Refusal: 404, there is no such group.
        """
        top = self.group(group_id)
        if top.id not in self._inside:
            self._inside[top.id] = sorted(self._row_of[one] for one in self._transitive_members(top))
        rows = self._inside[top.id]
        for row in rows[bisect_left(rows, start) :]:
            if found := self._objects.at(row):
                yield row, found

    def organization(self) -> dict[str, Any]:
        """Return the tenant as Graph's organization; its first domain is the default one."""
        return {
            "id": self.tenant_id,
            "displayName": self.domains[0].partition(".")[0].title(),
            "countryLetterCode": "DE",
            "tenantType": "AAD",
            "verifiedDomains": [
                {
                    "capabilities": "Email, OfficeCommunicationsOnline",
                    "isDefault": domain == self.domains[0],
                    "isInitial": domain.endswith(".onmicrosoft.com"),
                    "name": domain,
                    "type": "Managed",
                }
                for domain in self.domains
            ],
        }

    def _transitive_members(self, top: DirectoryGroup) -> Iterable[str]:
        """Return the ids of all direct and indirect members; cycles of groups are allowed."""
        reached: set[str] = set()
        waiting = [top]
        while waiting:
            for member in waiting.pop().members:
                if member in reached or member not in self._row_of:
                    continue
                reached.add(member)
                found = self._objects.at(self._row_of[member])
                if isinstance(found, DirectoryGroup):
                    waiting.append(found)
        return reached


def _resource_not_found(reference: str) -> Refusal:
    return Refusal(
        404,
        "Request_ResourceNotFound",
        f"Resource '{reference}' does not exist or one of its queried reference-property objects"
        " are not present.",
    )
