"""The calls about messages; only those about meetings exist here."""

import re

from sandbox.graph import zones
from sandbox.graph.call import GraphAnswer, IncomingCall, page
from sandbox.graph.errors import bad_query
from sandbox.graph.permissions import MESSAGES
from sandbox.graph.post_office import Message, PostOffice
from sandbox.graph.routes import Route
from sandbox.graph.tenant import GraphTenant

_SINCE = re.compile(r"^receivedDateTime ge (\S+)$")


class MessageRoutes:
    """Answers for the messages of a mailbox, in all folders."""

    def __init__(self, tenant: GraphTenant, post_office: PostOffice) -> None:
        self._tenant = tenant
        self._post_office = post_office

    def routes(self) -> list[Route]:
        """Return the calls that this class answers."""
        return [Route("GET", "/users/<user>/messages", self.list_all, MESSAGES)]

    def list_all(self, call: IncomingCall) -> GraphAnswer:
        """Answer the messages that came since a time."""
        call.allow_options("$select", "$top", "$skip", "$filter")
        owner = self._tenant.directory.owner(call.args["user"])
        since = _SINCE.match(call.query.get("$filter", ""))
        if not since:
            raise bad_query("Only messages with receivedDateTime ge a time are listed here.")
        begin = zones.instant(since[1], "receivedDateTime")
        found = [one for one in self._post_office.messages[owner.id] if one.received >= begin]
        return page(call, f"users('{owner.id}')/messages", found, Message.as_json)
