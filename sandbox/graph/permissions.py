"""What the app may: permissions that an admin takes away and gives back, for the tenant or for one mailbox.

The app begins with all it asks for. https://learn.microsoft.com/graph/permissions-reference
"""

from sandbox.graph.errors import Refusal

CALENDARS = ("Calendars.Read", "Calendars.ReadWrite")
#: Subscribing takes the reading one, whatever else the app holds.
SUBSCRIBE = ("Calendars.Read",)
WRITE_CALENDARS = ("Calendars.ReadWrite",)
MAILBOX_SETTINGS = ("MailboxSettings.Read",)
USERS = ("User.Read.All",)
GROUPS = ("GroupMember.Read.All",)
ORGANIZATION = ("Organization.Read.All",)
_DIRECTORY = {*USERS, *GROUPS, *ORGANIZATION}
NO_ODATA = "Access to OData is disabled."


class Permissions:
    """The permissions that are missing now. A mailbox is named by its user's object id."""

    def __init__(self) -> None:
        #: permission and mailbox; None stands for all mailboxes
        self._missing: set[tuple[str, str | None]] = set()

    def revoke(self, permission: str, mailbox: str | None = None) -> None:
        """Take a permission away."""
        self._missing.add((permission, mailbox))

    def restore(self, permission: str, mailbox: str | None = None) -> None:
        """Give back what was taken away alike."""
        self._missing.discard((permission, mailbox))

    def hold(self, any_of: tuple[str, ...], mailbox: str) -> bool:
        """Tell whether the app has one of these permissions for a mailbox; "" where a call is about none."""
        return not self._missing or any(
            (one, None) not in self._missing and (one, mailbox) not in self._missing for one in any_of
        )

    def check(self, any_of: tuple[str, ...], mailbox: str) -> None:
        """Let a call in that needs one of these permissions, or none.

        Raises:
            Refusal: 403, the app has none of them.
        """
        if not any_of or self.hold(any_of, mailbox):
            return
        if _DIRECTORY.intersection(any_of):
            raise Refusal(
                403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
            )
        raise Refusal(403, "ErrorAccessDenied", NO_ODATA)
