"""Which application permissions the rules need, and which of them a token has.

https://learn.microsoft.com/graph/permissions-reference
"""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.decision import Mode

if TYPE_CHECKING:  # errors of every command name permissions, and a policy takes long to import
    from shared.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission that Joinlink needs; each of `alternatives` includes it."""

    name: str
    purpose: str
    alternatives: frozenset[str] = frozenset()

    def is_granted(self, roles: frozenset[str]) -> bool:
        """Return whether a token with these roles has the permission."""
        return self.name in roles or not self.alternatives.isdisjoint(roles)


APP_GRANT_COMMAND = "python3 infra/hooks/grant_graph.py"
DESK_GRANT_COMMAND = "python3 infra/hooks/grant_graph.py --desk"

_DIRECTORY = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
#: Graph requires this one to subscribe, even of an app that may write.
_READ = Permission("Calendars.Read", "to subscribe to calendars and to read events")
_WRITE = Permission("Calendars.ReadWrite", "to add join links to events")
_USERS = Permission(
    "User.Read.All",
    "to read which mailboxes to watch, the members of groups, and organizers' departments",
    _DIRECTORY | {"User.ReadWrite.All"},
)
_SETTINGS = Permission(
    "MailboxSettings.Read",
    "to distinguish people's mailboxes from rooms, equipment and shared ones",
    frozenset({"MailboxSettings.ReadWrite"}),
)
_GROUPS = Permission(
    "GroupMember.Read.All", "to read the groups in the rules", _DIRECTORY | {"Group.Read.All"}
)
_ORGANIZATION = Permission(
    "Organization.Read.All", "to read the tenant's domains, for internal_domains: auto", _DIRECTORY
)
#: the permission that a call needs, by the name of the call
_OF_CALLS = {
    "read the calendar view": _READ,
    "read the event": _READ,
    "read the mailbox's calendar": _READ,
    "list the users": _USERS,
    "read the user": _USERS,
    "find the user by address": _USERS,
    "read the group's members": _GROUPS,
    "read the group": _GROUPS,
    "list the groups with a mail address": _GROUPS,
    "read the tenant's domains": _ORGANIZATION,
}


def permission_for(call: str) -> Permission | None:
    """Return the permission that a call of Graph needs to read, None for other calls."""
    return _OF_CALLS.get(call)


def needed_permissions(policy: "Policy | None", *, report_only: bool) -> Iterator[Permission]:
    """Yield what this policy needs; without a policy, what every policy needs."""
    yield _READ
    if policy and not report_only and any(rule.mode is Mode.ENFORCE for rule in policy.rules):
        yield _WRITE
    yield _USERS
    yield _SETTINGS
    if policy is None:
        return
    if policy.groups | policy.mailboxes.groups:
        yield _GROUPS
    if policy.needs_tenant_domains:
        yield _ORGANIZATION


def granted_rights(token: str) -> frozenset[str] | None:
    """Return what a token permits; None if it can't be read: its format is Graph's own affair.

    These are the `roles` of an app, or the `scp` of a person, where Calendars.Read.Shared counts as
    Calendars.Read. The signature is not verified, because the roles are only shown to the admin
    (https://learn.microsoft.com/entra/identity-platform/access-tokens).
    """
    try:
        _header, payload, _signature = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not isinstance(claims, dict):
        return None
    roles, scopes = claims.get("roles", []), claims.get("scp", "")
    if not isinstance(roles, list) or not isinstance(scopes, str):
        return None
    return frozenset([*map(str, roles), *(each.removesuffix(".Shared") for each in scopes.split())])
