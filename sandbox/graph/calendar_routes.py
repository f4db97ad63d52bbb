"""The calls that create and delete calendars."""

from sandbox.graph import graph_json
from sandbox.graph.call import GraphAnswer, IncomingCall, entity
from sandbox.graph.errors import Refusal, bad_body
from sandbox.graph.permissions import WRITE_CALENDARS
from sandbox.graph.routes import Route
from sandbox.graph.tenant import GraphTenant


class CalendarRoutes:
    """Answers for changes of calendars (https://learn.microsoft.com/graph/api/user-post-calendars)."""

    def __init__(self, tenant: GraphTenant) -> None:
        self._tenant = tenant

    def routes(self) -> list[Route]:
        """Return the calls that this class answers."""
        return [
            Route("POST", "/users/<user>/calendars", self.create, WRITE_CALENDARS),
            Route("DELETE", "/users/<user>/calendars/<calendar>", self.delete, WRITE_CALENDARS),
        ]

    def create(self, call: IncomingCall) -> GraphAnswer:
        """Create a secondary calendar, which offers what the default one does."""
        call.allow_options()
        owner = self._tenant.directory.owner(call.args["user"])
        mailbox = self._tenant.mailboxes.of(owner.id)
        sent = call.json()
        name = sent.get("name") if isinstance(sent, dict) else None
        if not isinstance(name, str) or not name:
            raise bad_body("A calendar has a 'name'.")
        if any(one.name == name for one in mailbox.calendars.values()):
            raise Refusal(409, "ErrorFolderExists", "A folder with the specified name already exists.")
        model = mailbox.default_calendar
        created = self._tenant.mailboxes.add_calendar(
            mailbox, name, model.default_provider, model.allowed_providers
        )
        shown = graph_json.calendar(created, owner)
        return entity(call, f"users('{owner.id}')/calendars", shown, status=201)

    def delete(self, call: IncomingCall) -> GraphAnswer:
        """Delete a secondary calendar with its events."""
        owner = self._tenant.directory.owner(call.args["user"])
        found = self._tenant.mailboxes.of(owner.id).calendar(call.args["calendar"])
        if found.is_default:
            raise Refusal(400, "ErrorDeleteDistinguishedFolder", "Distinguished folders can't be deleted.")
        self._tenant.mailboxes.remove_calendar(owner.id, found.id)
        return GraphAnswer(204)
