"""Which application permissions the rules ask for, and which of them a token carries.

https://learn.microsoft.com/graph/permissions-reference
"""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.decision import Mode
from shared.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission that is needed; any of `instead` holds it, too."""

    name: str
    why: str
    instead: frozenset[str] = frozenset()

    def is_in(self, roles: frozenset[str]) -> bool:
        """Tell whether these roles hold it."""
        return self.name in roles or not self.instead.isdisjoint(roles)


_DIRECTORY = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
#: Subscribing takes the reading one, whatever else the app holds.
_READ = Permission("Calendars.Read", "to subscribe to calendars and to read events")
_WRITE = Permission("Calendars.ReadWrite", "to give events their links")
_USERS = Permission(
    "User.Read.All",
    "to read which mailboxes to watch, and the members of groups",
    _DIRECTORY | {"User.ReadWrite.All"},
)
_GROUPS = Permission(
    "GroupMember.Read.All", "to read the groups in the rules", _DIRECTORY | {"Group.Read.All"}
)
_ORGANIZATION = Permission(
    "Organization.Read.All", "to know the tenant's domains, for internal_domains: auto", _DIRECTORY
)


def needed(policy: Policy | None, *, report_only: bool) -> Iterator[Permission]:
    """Yield what this policy needs; without one, what every policy does."""
    yield _READ
    if policy is None:
        return
    if not report_only and any(rule.mode is Mode.ENFORCE for rule in policy.rules):
        yield _WRITE
    yield _USERS
    if policy.groups | policy.mailboxes.groups:
        yield _GROUPS
    if policy.needs_tenant_domains:
        yield _ORGANIZATION


def roles_of(token: str) -> frozenset[str] | None:
    """Return the `roles` of an app's token; None where it can't be read, as is anybody's right but Graph's.

    Nothing is verified: this is only ever told to the admin, never relied on
    (https://learn.microsoft.com/entra/identity-platform/access-tokens).
    """
    try:
        _header, payload, _signature = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not isinstance(claims, dict):
        return None
    roles = claims.get("roles", [])
    return frozenset(str(role) for role in roles) if isinstance(roles, list) else None
