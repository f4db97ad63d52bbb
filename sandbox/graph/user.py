"""A person, a guest, a room or a shared mailbox, with its properties in Entra and Exchange."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

#: What `GET /users` returns without `$select`.
DEFAULT_USER_PROPERTIES = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip
TEAMS = "teamsForBusiness"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryUser:
    """One of the tenant's users.

    `mailbox` is False for users without a mailbox in the cloud. `honors_online_meeting` False ignores
    requests for an online meeting silently. `join_url_delay` is how long after the write the join URL
    appears. The providers are those of the default calendar.
    """

    id: str
    name: str
    #: the main address, which Entra calls `mail`
    address: str
    #: the user principal name, if it differs from the address
    signs_in_as: str = ""
    #: other addresses of the mailbox
    aliases: tuple[str, ...] = ()
    #: user | linked | room | equipment | shared | others, as in mailboxSettings.userPurpose
    kind: str = "user"
    department: str = ""
    mailbox: bool = True
    #: of a guest: the tenant's domain after the `#EXT#` in the user principal name
    guest_of: str = ""
    honors_online_meeting: bool = True
    join_url_delay: timedelta = timedelta(0)
    time_zone: str = "UTC"
    account_enabled: bool = True
    default_provider: str = TEAMS
    allowed_providers: tuple[str, ...] = (TEAMS,)

    @property
    def principal_name(self) -> str:
        """The user principal name; of a guest the address with `#EXT#`."""
        if self.guest_of:
            return f"{self.address.replace('@', '_')}#EXT#@{self.guest_of}"
        return self.signs_in_as or self.address

    @property
    def addresses(self) -> frozenset[str]:
        """All addresses of the mailbox, in lower case."""
        return frozenset(address.lower() for address in (self.address, *self.aliases))

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
            "userPrincipalName": self.principal_name,
            "id": self.id,
            "accountEnabled": self.account_enabled,
            "userType": "Guest" if self.guest_of else "Member",
            "proxyAddresses": [f"SMTP:{self.address}", *(f"smtp:{alias}" for alias in self.aliases)],
            "mailNickname": self.address.partition("@")[0],
            "department": self.department or None,
            "createdDateTime": "2024-01-15T08:00:00Z",
        }
