"""The app's permissions, which an admin can revoke and restore, for the tenant or for one mailbox.

The app starts with all permissions that it needs. https://learn.microsoft.com/graph/permissions-reference
"""

from sandbox.graph.errors import Refusal

CALENDARS = ("Calendars.Read", "Calendars.ReadWrite")
#: Subscribing needs this one, whatever other permissions the app has.
SUBSCRIBE = ("Calendars.Read",)
WRITE_CALENDARS = ("Calendars.ReadWrite",)
MESSAGES = ("Mail.Read",)
MAILBOX_SETTINGS = ("MailboxSettings.Read",)
USERS = ("User.Read.All",)
GROUPS = ("GroupMember.Read.All",)
ORGANIZATION = ("Organization.Read.All",)
_DIRECTORY = {*USERS, *GROUPS, *ORGANIZATION}
NO_ODATA = "Access to OData is disabled."


class Permissions:
    """The revoked permissions. A mailbox is given by its user's object id."""

    def __init__(self) -> None:
        #: permission and mailbox; None means all mailboxes
        self._revoked: set[tuple[str, str | None]] = set()

    def revoke(self, permission: str, mailbox: str | None = None) -> None:
        """Revoke a permission."""
        self._revoked.add((permission, mailbox))

    def restore(self, permission: str, mailbox: str | None = None) -> None:
        """Restore a permission that was revoked with the same arguments."""
        self._revoked.discard((permission, mailbox))

    def has(self, any_of: tuple[str, ...], mailbox: str) -> bool:
        """Return whether the app has one of these permissions for a mailbox ("": for no mailbox)."""
        return not self._revoked or any(
            (one, None) not in self._revoked and (one, mailbox) not in self._revoked for one in any_of
        )

    def check(self, any_of: tuple[str, ...], mailbox: str) -> None:
        """Check that the app has one of these permissions; an empty tuple needs none.

        Raises:
            Refusal: 403, the app has none of them.
        """
        if not any_of or self.has(any_of, mailbox):
            return
        if _DIRECTORY.intersection(any_of):
            raise Refusal(
                403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
            )
        raise Refusal(403, "ErrorAccessDenied", NO_ODATA)
