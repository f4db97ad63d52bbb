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
#: delegated permissions that are enough for one's own data
_OF_ONESELF = {"User.Read.All": "User.Read"}
ACCESS_DENIED = "Access is denied. Check credentials and try again."
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
        if any_of and not self.has(any_of, mailbox):
            raise _missing(any_of, NO_ODATA)


def check_delegated(any_of: tuple[str, ...], scopes: frozenset[str] | None) -> None:
    """Check that a person's token has one of these permissions; None: the person consented to all.

    Raises:
        Refusal: 403, it has none of them.
    """
    enough = {*any_of, *(_OF_ONESELF[one] for one in any_of if one in _OF_ONESELF)}
    if any_of and scopes is not None and not enough & scopes:
        raise _missing(any_of, ACCESS_DENIED)


def _missing(any_of: tuple[str, ...], message: str) -> Refusal:
    if _DIRECTORY.intersection(any_of):
        return Refusal(
            403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
        )
    return Refusal(403, "ErrorAccessDenied", message)
