"""Who is in the tenant: users, rooms, groups and verified domains."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sandbox.graph.errors import Refusal

#: What `GET /users` returns without `$select`, and what may be selected besides.
DEFAULT_USER_PROPERTIES = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip
MORE_USER_PROPERTIES = ("accountEnabled", "userType", "proxyAddresses", "mailNickname", "createdDateTime")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person or a room of the tenant.

    `mailbox` is False for those whom Exchange does not know; `honors_online_meeting` False for those
    whose provider silently refuses; `join_url_delay` is how long after the write the join URL appears.
    """

    id: str
    name: str
    address: str
    #: user | room | equipment | shared, as in mailboxSettings.userPurpose
    kind: str = "user"
    mailbox: bool = True
    honors_online_meeting: bool = True
    join_url_delay: timedelta = timedelta(0)
    time_zone: str = "UTC"
    account_enabled: bool = True

    def email_address(self) -> dict[str, str]:
        """Return the user as Graph's emailAddress."""
        return {"name": self.name, "address": self.address}

    def properties(self) -> dict[str, Any]:
        """Return every property of the user that can be selected."""
        given, _, surname = self.name.rpartition(" ")
        return {
            "businessPhones": [],
            "displayName": self.name,
            "givenName": given or None,
            "jobTitle": None,
            "mail": self.address,
            "mobilePhone": None,
            "officeLocation": None,
            "preferredLanguage": None,
            "surname": surname,
            "userPrincipalName": self.address,
            "id": self.id,
            "accountEnabled": self.account_enabled,
            "userType": "Member",
            "proxyAddresses": [f"SMTP:{self.address}"],
            "mailNickname": self.address.partition("@")[0],
            "createdDateTime": "2024-01-15T08:00:00Z",
        }


@dataclass(slots=True, kw_only=True)
class Directory:
    """The tenant. Users are found by object id or by user principal name, case-blind."""

    tenant_id: str
    domains: tuple[str, ...]
    users: dict[str, User] = field(default_factory=dict)
    #: group id -> (name, member ids; nested groups are already flat)
    groups: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    def add(self, user: User) -> None:
        """Take a user in."""
        self.users[user.id] = user

    def find(self, reference: str) -> User | None:
        """Return the user with this object id or user principal name."""
        wanted = reference.lower()
        return self.users.get(wanted) or next(
            (user for user in self.users.values() if user.address.lower() == wanted), None
        )

    def member(self, reference: str) -> User:
        """Return a user as the directory's own calls find it.

        Raises:
            Refusal: 404, there is none.
        """
        if user := self.find(reference):
            return user
        raise _resource_not_found(reference)

    def owner(self, reference: str) -> User:
        """Return a user as Exchange finds it: one with a mailbox.

        Raises:
            Refusal: 404, no such user, or no mailbox that Graph can serve.
        """
        user = self.find(reference)
        if user is None:
            raise Refusal(404, "ErrorInvalidUser", f"The requested user '{reference}' is invalid.")
        if not user.mailbox:
            raise Refusal(
                404,
                "MailboxNotEnabledForRESTAPI",
                "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
            )
        return user

    def members(self, group_id: str) -> Iterable[User]:
        """Return the users of a group.

        Raises:
            Refusal: 404, there is no such group.
        """
        if group_id.lower() not in self.groups:
            raise _resource_not_found(group_id)
        return [self.users[user_id] for user_id in self.groups[group_id.lower()][1]]

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


def _resource_not_found(reference: str) -> Refusal:
    return Refusal(
        404,
        "Request_ResourceNotFound",
        f"Resource '{reference}' does not exist or one of its queried reference-property objects"
        " are not present.",
    )
