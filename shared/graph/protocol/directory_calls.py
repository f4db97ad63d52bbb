"""The calls about the tenant's users, groups and domains."""

from dataclasses import replace
from http import HTTPStatus

from shared.errors import GroupNotFound, MailboxUnusable
from shared.graph.protocol.call import GraphCall, path_segment, user_path

_USER_FIELDS = "id,mail,userPrincipalName,userType,accountEnabled"
_PAGE_SIZE = "999"


def read_verified_domains() -> GraphCall:
    """Get the tenant's verified domains (https://learn.microsoft.com/graph/api/resources/verifieddomain)."""
    return GraphCall(
        name="read the tenant's domains",
        method="GET",
        path="/organization",
        params={"$select": "id,verifiedDomains"},
    )


def read_group_members(group: str) -> GraphCall:
    """Get the first page of the users in a group with their addresses; Graph resolves nested groups.

    The cast to users requires `$count` and eventual consistency
    (https://learn.microsoft.com/graph/api/group-list-transitivemembers).
    """
    return GraphCall(
        name=f"read the members of group {group}",
        method="GET",
        path=f"/groups/{path_segment(group, GroupNotFound)}/transitiveMembers/microsoft.graph.user",
        params={
            "$select": "id,mail,userPrincipalName,proxyAddresses",
            "$top": _PAGE_SIZE,
            "$count": "true",
        },
        headers={"ConsistencyLevel": "eventual"},
        errors={HTTPStatus.NOT_FOUND: GroupNotFound},
    )


def list_group_users(group: str) -> GraphCall:
    """Get the first page of the users in a group; Graph resolves nested groups."""
    call = read_group_members(group)
    return replace(call, params={**call.params, "$select": _USER_FIELDS})


def read_group(group: str) -> GraphCall:
    """Get a group's own addresses (https://learn.microsoft.com/graph/api/group-get)."""
    return GraphCall(
        name=f"read the group {group}",
        method="GET",
        path=f"/groups/{path_segment(group, GroupNotFound)}",
        params={"$select": "id,mail,proxyAddresses"},
        errors={HTTPStatus.NOT_FOUND: GroupNotFound},
    )


_NAMED_GROUP_FIELDS = "id,displayName,mail,groupTypes,createdDateTime"


def read_named_group(group: str) -> GraphCall:
    """Get what tells a group from others."""
    return replace(read_group(group), params={"$select": _NAMED_GROUP_FIELDS})


def find_groups(name: str) -> GraphCall:
    """Get the groups of a name; Graph ignores case (https://learn.microsoft.com/graph/api/group-list)."""
    return GraphCall(
        name="find the group by its name",
        method="GET",
        path="/groups",
        params={
            "$filter": f"displayName eq '{_escaped(name)}'",
            "$select": _NAMED_GROUP_FIELDS,
            "$top": _PAGE_SIZE,
        },
    )


def find_groups_by_mail(address: str) -> GraphCall:
    """Get the groups that have this main address."""
    return GraphCall(
        name="find the group by address",
        method="GET",
        path="/groups",
        params={"$filter": f"mail eq '{_escaped(address)}'", "$select": "id,mail"},
    )


def list_mail_groups() -> GraphCall:
    """Get the first page of the groups with a mail address (https://learn.microsoft.com/graph/api/group-list)."""
    return GraphCall(
        name="list the groups with a mail address",
        method="GET",
        path="/groups",
        params={
            "$filter": "mailEnabled eq true",
            "$select": "id,mail,proxyAddresses",
            "$top": _PAGE_SIZE,
        },
    )


def list_users() -> GraphCall:
    """Get the first page of all users (https://learn.microsoft.com/graph/api/user-list)."""
    return GraphCall(
        name="list the users",
        method="GET",
        path="/users",
        params={"$select": _USER_FIELDS, "$top": _PAGE_SIZE},
    )


def read_mailbox_purpose(mailbox: str) -> GraphCall:
    """Get what a mailbox is for (https://learn.microsoft.com/graph/api/user-get-mailboxsettings)."""
    return GraphCall(
        name="read the mailbox's purpose",
        method="GET",
        mailbox=mailbox,
        path=f"{user_path(mailbox)}/mailboxSettings",
        params={"$select": "userPurpose"},
        errors={HTTPStatus.NOT_FOUND: MailboxUnusable},
        is_optional=True,
    )


def read_user(name: str) -> GraphCall:
    """Get a user by object id or user principal name (https://learn.microsoft.com/graph/api/user-get)."""
    return GraphCall(
        name="read the user", method="GET", path=user_path(name), params={"$select": _USER_FIELDS}
    )


def read_department(mailbox: str) -> GraphCall:
    """Get the department of a mailbox's user; Graph shows it only if `$select` names it."""
    params = {"$select": "id,userType,department"}
    return replace(read_user(mailbox), name="read the organizer's department", params=params)


def find_users_by_mail(address: str) -> GraphCall:
    """Get the users that have this main address."""
    return _find_users(f"mail eq '{_escaped(address)}'")


def find_users_by_alias(address: str) -> GraphCall:
    """Get the users that have this address as an alias, by an advanced query.

    https://learn.microsoft.com/graph/aad-advanced-queries; unverified: that Graph ignores case.
    """
    call = _find_users(f"proxyAddresses/any(p:p eq 'smtp:{_escaped(address)}')")
    return replace(call, params={**call.params, "$count": "true"}, headers={"ConsistencyLevel": "eventual"})


def _find_users(condition: str) -> GraphCall:
    return GraphCall(
        name="find the user by address",
        method="GET",
        path="/users",
        params={"$filter": condition, "$select": _USER_FIELDS},
    )


def _escaped(text: str) -> str:
    return text.replace("'", "''")
