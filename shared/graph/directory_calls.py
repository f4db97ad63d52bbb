"""The calls about who is in the tenant (https://learn.microsoft.com/graph/api/resources/user)."""

from dataclasses import replace
from http import HTTPStatus

from shared.errors import MailboxUnusable
from shared.graph.protocol import Call, read_group_members, user_path

_FIELDS = "id,mail,userPrincipalName,userType,accountEnabled"
_MOST = "999"


def list_users() -> Call:
    """Get all users, a page of them."""
    return Call(
        name="list the users", method="GET", path="/users", params={"$select": _FIELDS, "$top": _MOST}
    )


def list_group_users(group: str) -> Call:
    """Get the users in a group, nested groups resolved, a page of them."""
    call = read_group_members(group)
    return replace(call, params={**call.params, "$select": _FIELDS})


def read_purpose(mailbox: str) -> Call:
    """Get what a mailbox is for (https://learn.microsoft.com/graph/api/user-get-mailboxsettings)."""
    return Call(
        name="read the mailbox's purpose",
        method="GET",
        mailbox=mailbox,
        path=f"{user_path(mailbox)}/mailboxSettings",
        params={"$select": "userPurpose"},
        errors={HTTPStatus.NOT_FOUND: MailboxUnusable},
        extra=True,
    )


def read_user(name: str) -> Call:
    """Get a user by object id or user principal name."""
    return Call(name="read the user", method="GET", path=user_path(name), params={"$select": _FIELDS})


def find_users_by_mail(address: str) -> Call:
    """Get the users whose main address this is (https://learn.microsoft.com/graph/api/user-list)."""
    return _find(f"mail eq '{_quoted(address)}'")


def find_users_by_alias(address: str) -> Call:
    """Get the users one of whose addresses this is, an advanced query.

    https://learn.microsoft.com/graph/aad-advanced-queries; unverified: that Graph compares without case.
    """
    call = _find(f"proxyAddresses/any(p:p eq 'smtp:{_quoted(address)}')")
    return replace(call, params={**call.params, "$count": "true"}, headers={"ConsistencyLevel": "eventual"})


def _find(condition: str) -> Call:
    return Call(
        name="find the user by address",
        method="GET",
        path="/users",
        params={"$filter": condition, "$select": _FIELDS},
    )


def _quoted(text: str) -> str:
    return text.replace("'", "''")
