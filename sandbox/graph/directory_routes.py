"""The calls about the directory: users, groups and their members, the organization."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.graph.call import GraphAnswer, IncomingCall, entity, page, page_by_token
from sandbox.graph.directory import DirectoryGroup, TenantDirectory
from sandbox.graph.errors import Refusal, bad_query
from sandbox.graph.graph_json import check_names
from sandbox.graph.permissions import GROUPS, ORGANIZATION, USERS, Permissions
from sandbox.graph.routes import Route
from sandbox.graph.user import DEFAULT_USER_PROPERTIES, DirectoryUser

_LIST_OPTIONS = ("$select", "$top", "$skiptoken", "$count", "$filter")
_CLAUSE = re.compile(r"^\s*(?:(accountEnabled) eq (true|false)|(userType|mail) eq '((?:[^']|'')*)')\s*$")
_NAME_OR_MAIL = re.compile(r"^(mail|displayName) eq '((?:[^']|'')*)'$")
_PROXY = re.compile(r"^proxyAddresses/any\(p:p eq '((?:[^']|'')*)'\)$")

#: what `$select` may name among members, which are users and groups
MEMBER_PROPERTIES = frozenset(DirectoryUser(id="", name="", address="").properties()) | frozenset(
    DirectoryGroup(id="", name="", members=()).properties()
)

_Rows = Callable[[int], Iterator[tuple[int, DirectoryUser]]]
#: what a group among members shows without `$select`: the properties that users have, too
_GROUP_PROPERTIES = ("id", "displayName", "mail", "proxyAddresses")


class DirectoryRoutes:
    """Answers for Entra."""

    def __init__(self, directory: TenantDirectory, permissions: Permissions) -> None:
        self._directory = directory
        self._permissions = permissions

    def routes(self) -> list[Route]:
        """Return the calls that this class answers."""
        members = "/groups/<group>/transitiveMembers"
        return [
            Route("GET", "/users", self.list_users, USERS),
            Route("GET", "/users/<user>", self.get_user, USERS),
            Route("GET", "/groups", self.list_groups, GROUPS),
            Route("GET", "/groups/<group>", self.get_group, GROUPS),
            Route("GET", members, self.list_members, GROUPS),
            Route("GET", f"{members}/microsoft.graph.user", self.list_users_in_group, GROUPS),
            Route("GET", f"{members}/graph.user", self.list_users_in_group, GROUPS),
            Route("GET", "/organization", self.get_organization, ORGANIZATION),
        ]

    def list_users(self, call: IncomingCall) -> GraphAnswer:
        """Answer all users, guests and rooms among them."""
        return _users(call, self._directory.users, lambda user: _user(user, call.select()))

    def get_user(self, call: IncomingCall) -> GraphAnswer:
        """Answer one user."""
        call.allow_options("$select")
        return entity(call, "users", _user(self._directory.member(call.args["user"]), call.select()))

    def get_group(self, call: IncomingCall) -> GraphAnswer:
        """Answer one group."""
        call.allow_options("$select")
        return entity(call, "groups", _group(self._directory.group(call.args["group"]), call.select()))

    def list_groups(self, call: IncomingCall) -> GraphAnswer:
        """Answer the groups that have a mail address, or those of an address or of a name."""
        call.allow_options("$select", "$top", "$skiptoken", "$filter")
        chosen = _group_filter(call.query.get("$filter", ""))

        def matching(start: int) -> Iterator[tuple[int, DirectoryGroup]]:
            return ((row, one) for row, one in self._directory.groups(start) if chosen(one))

        return page_by_token(call, "groups", matching, lambda one: _group(one, call.select()))

    def list_members(self, call: IncomingCall) -> GraphAnswer:
        """Answer a group's transitive members; `@odata.type` says which are users and which groups."""
        call.allow_options("$select", "$top", "$skiptoken")
        group = self._directory.group(call.args["group"])
        check_names(call.select(), MEMBER_PROPERTIES, "directoryObject")
        return page_by_token(
            call,
            "directoryObjects",
            lambda start: self._directory.members(group.id, start),
            lambda one: self._member(one, _object(one, call.select())),
        )

    def list_users_in_group(self, call: IncomingCall) -> GraphAnswer:
        """Answer the users among a group's transitive members.

        The cast is an advanced query (https://learn.microsoft.com/graph/aad-advanced-queries).
        """
        group = self._directory.group(call.args["group"])
        if not (call.eventual and _counts(call)):
            raise Refusal(
                400,
                "Request_UnsupportedQuery",
                "The cast is only supported with the ConsistencyLevel:eventual header and $count=true.",
            )
        return _users(
            call,
            lambda start: _only_users(self._directory.members(group.id, start)),
            lambda user: self._member(user, _user(user, call.select())),
        )

    def get_organization(self, call: IncomingCall) -> GraphAnswer:
        """Answer the tenant."""
        call.allow_options("$select")
        whole = self._directory.organization()
        check_names(call.select(), whole, "organization")
        shown = {name: value for name, value in whole.items() if not call.select() or name in call.select()}
        return page(call, "organization", [shown], dict)

    def _member(self, one: DirectoryUser | DirectoryGroup, shown: dict[str, Any]) -> dict[str, Any]:
        """Show a member; without the permission to read users, only the id of a user.

        https://learn.microsoft.com/graph/permissions-overview, "Limited information returned for inaccessible
        member objects".
        """
        if isinstance(one, DirectoryGroup) or self._permissions.has(USERS, ""):
            return shown
        return {**dict.fromkeys(shown), "@odata.type": "#microsoft.graph.user", "id": one.id}


def _only_users(
    rows: Iterator[tuple[int, DirectoryUser | DirectoryGroup]],
) -> Iterator[tuple[int, DirectoryUser]]:
    return ((row, one) for row, one in rows if isinstance(one, DirectoryUser))


def _users(call: IncomingCall, rows: _Rows, show: Callable[[DirectoryUser], dict[str, Any]]) -> GraphAnswer:
    """Answer a page of users; the first page has the total number if `$count` asks for it."""
    call.allow_options(*_LIST_OPTIONS)
    condition = call.query.get("$filter", "")
    if "proxyAddresses" in condition and not (call.eventual and _counts(call)):
        raise Refusal(400, "Request_UnsupportedQuery", "Unsupported Query.")
    wanted = _filter(condition)

    def filtered(start: int) -> Iterator[tuple[int, DirectoryUser]]:
        return ((row, one) for row, one in rows(start) if _matches(one, wanted))

    answer = page_by_token(call, "users", filtered, show)
    if _counts(call) and call.eventual and "$skiptoken" not in call.query and answer.body is not None:
        number = sum(1 for _ in filtered(0))
        return GraphAnswer(200, {"@odata.count": number, **answer.body})
    return answer


def _counts(call: IncomingCall) -> bool:
    return call.query.get("$count", "").lower() == "true"


def _filter(text: str) -> dict[str, Any]:
    """Read a `$filter`: supported comparisons joined with `and`.

    Raises:
        Refusal: 400, the filter is not supported.
    """
    wanted: dict[str, Any] = {}
    if proxy := _PROXY.match(text):
        return {"proxyAddresses": proxy[1].replace("''", "'")}
    for clause in text.split(" and ") if text else ():
        match = _CLAUSE.match(clause)
        if not match:
            raise bad_query(f"The $filter clause '{clause}' is not supported here.")
        if match[1]:
            wanted[match[1]] = match[2] == "true"
        else:
            wanted[match[3]] = match[4].replace("''", "'")
    return wanted


def _matches(user: DirectoryUser, wanted: Mapping[str, Any]) -> bool:
    if not wanted:
        return True
    properties = user.properties()
    return all(_is(properties[name], value) for name, value in wanted.items())


def _is(known: Any, wanted: Any) -> bool:
    if isinstance(known, list):
        return any(_is(each, wanted) for each in known)
    if isinstance(known, str):  # the directory ignores case
        return known.lower() == str(wanted).lower()
    return bool(known == wanted)


def _object(one: DirectoryUser | DirectoryGroup, select: tuple[str, ...]) -> dict[str, Any]:
    """Show a user or group with its type; selected properties that the type does not have are left out."""
    kind = "user" if isinstance(one, DirectoryUser) else "group"
    known = one.properties()
    names = select or (DEFAULT_USER_PROPERTIES if isinstance(one, DirectoryUser) else _GROUP_PROPERTIES)
    return {"@odata.type": f"#microsoft.graph.{kind}"} | {
        name: known[name] for name in names if name in known
    }


def _group_filter(condition: str) -> Callable[[DirectoryGroup], bool]:
    """Return what a `$filter` of groups chooses; names and addresses ignore case."""
    if condition == "mailEnabled eq true":
        return lambda group: bool(group.address)
    found = _NAME_OR_MAIL.match(condition)
    if found is None:
        raise bad_query("Only groups with mailEnabled eq true, or of a mail or displayName, are listed here.")
    value = found[2].replace("''", "'").casefold()
    if found[1] == "mail":
        return lambda group: group.address.casefold() == value
    return lambda group: group.name.casefold() == value


def _group(group: DirectoryGroup, select: tuple[str, ...]) -> dict[str, Any]:
    known = group.properties()
    check_names(select, known, "group")
    return {name: known[name] for name in select or known}


def _user(user: DirectoryUser, select: tuple[str, ...]) -> dict[str, Any]:
    known = user.properties()
    check_names(select, known, "user")
    return {name: known[name] for name in select or DEFAULT_USER_PROPERTIES}
