"""The calls about the directory and about subscriptions."""

from typing import Any

from sandbox.graph.call import Answer, Call, entity, page
from sandbox.graph.directory import DEFAULT_USER_PROPERTIES, MORE_USER_PROPERTIES, Directory, User
from sandbox.graph.errors import Refusal
from sandbox.graph.routes import Route
from sandbox.graph.subscriptions import Subscriptions

_DIRECTORY_PAGE, _LARGEST_DIRECTORY_PAGE = 100, 999
_LIST_OPTIONS = ("$select", "$top", "$skip", "$count")
_SUBSCRIPTIONS_PAGE = 100


class DirectoryRoutes:
    """Answers for Entra: users, members of groups, the organization."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def routes(self) -> list[Route]:
        """Return the calls that this class answers."""
        members = "/groups/<group>/transitiveMembers"
        return [
            Route("GET", "/users", self.list_users),
            Route("GET", "/users/<user>", self.get_user),
            Route("GET", "/groups/<group>", self.get_group),
            Route("GET", f"{members}/microsoft.graph.user", self.list_members),
            Route("GET", f"{members}/graph.user", self.list_members),
            Route("GET", "/organization", self.get_organization),
        ]

    def list_users(self, call: Call) -> Answer:
        """Answer all users."""
        return self._users(call, list(self._directory.users.values()))

    def get_user(self, call: Call) -> Answer:
        """Answer one user."""
        call.only_options("$select")
        return entity(call, "users", _user(self._directory.member(call.args["user"]), call.select()))

    def get_group(self, call: Call) -> Answer:
        """Answer one group."""
        call.only_options("$select")
        group_id = call.args["group"].lower()
        self._directory.members(group_id)
        shown = {"id": group_id, "displayName": self._directory.groups[group_id][0]}
        return entity(call, "groups", shown)

    def list_members(self, call: Call) -> Answer:
        """Answer the users in a group, nested groups resolved."""
        return self._users(call, list(self._directory.members(call.args["group"])))

    def get_organization(self, call: Call) -> Answer:
        """Answer the tenant."""
        call.only_options("$select")
        whole = self._directory.organization()
        shown = {name: value for name, value in whole.items() if not call.select() or name in call.select()}
        return page(call, "organization", [shown], size=1, most=1)

    def _users(self, call: Call, users: list[User]) -> Answer:
        call.only_options(*_LIST_OPTIONS)
        shown = [_user(user, call.select()) for user in users]
        answer = page(call, "users", shown, size=_DIRECTORY_PAGE, most=_LARGEST_DIRECTORY_PAGE)
        if call.query.get("$count") == "true" and answer.body is not None:
            return Answer(200, {"@odata.count": len(users), **answer.body})
        return answer


class SubscriptionRoutes:
    """Answers for change notifications."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions

    def routes(self) -> list[Route]:
        """Return the calls that this class answers."""
        one = "/subscriptions/<subscription>"
        return [
            Route("GET", "/subscriptions", self.list_all),
            Route("POST", "/subscriptions", self.create, locked=False),
            Route("GET", one, self.get),
            Route("PATCH", one, self.update, locked=False),
            Route("DELETE", one, self.delete),
            Route("POST", f"{one}/reauthorize", self.reauthorize),
        ]

    def list_all(self, call: Call) -> Answer:
        """Answer the app's subscriptions."""
        call.only_options("$skip")
        shown = [one.shown() for one in self._subscriptions.active()]
        return page(call, "subscriptions", shown, size=_SUBSCRIPTIONS_PAGE, most=_SUBSCRIPTIONS_PAGE)

    def create(self, call: Call) -> Answer:
        """Make a subscription, after the handshake."""
        made = self._subscriptions.create(call.json(), immutable_ids=call.prefer.immutable_ids)
        return entity(call, "subscriptions", made.shown(), status=201)

    def get(self, call: Call) -> Answer:
        """Answer one subscription."""
        return entity(call, "subscriptions", self._subscriptions.get(call.args["subscription"]).shown())

    def update(self, call: Call) -> Answer:
        """Renew or redirect a subscription."""
        updated = self._subscriptions.update(call.args["subscription"], call.json())
        return entity(call, "subscriptions", updated.shown())

    def delete(self, call: Call) -> Answer:
        """End a subscription."""
        self._subscriptions.delete(call.args["subscription"])
        return Answer(204)

    def reauthorize(self, call: Call) -> Answer:
        """Take note that the app still may; this does not lengthen a subscription's life."""
        self._subscriptions.get(call.args["subscription"])
        return Answer(204)


def _user(user: User, select: tuple[str, ...]) -> dict[str, Any]:
    known = user.properties()
    for name in select:
        if name not in {*DEFAULT_USER_PROPERTIES, *MORE_USER_PROPERTIES}:
            raise Refusal(400, "BadRequest", f"Could not find a property named '{name}' on type 'user'.")
    return {name: known[name] for name in select or DEFAULT_USER_PROPERTIES}
