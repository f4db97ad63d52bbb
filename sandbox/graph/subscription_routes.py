"""The calls about subscriptions."""

from sandbox.graph.call import GraphAnswer, IncomingCall, entity, page_by_token
from sandbox.graph.permissions import SUBSCRIBE
from sandbox.graph.routes import Route
from sandbox.graph.subscription import HostedSubscription
from sandbox.graph.subscriptions import HostedSubscriptions


class SubscriptionRoutes:
    """Answers for change notifications."""

    def __init__(self, subscriptions: HostedSubscriptions) -> None:
        self._subscriptions = subscriptions

    def routes(self) -> list[Route]:
        """Return the calls that this class answers."""
        one = "/subscriptions/<subscription>"
        return [
            Route("GET", "/subscriptions", self.list_all, SUBSCRIBE),
            Route("POST", "/subscriptions", self.create, locked=False),
            Route("GET", one, self.get, SUBSCRIBE),
            Route("PATCH", one, self.update, locked=False),
            Route("DELETE", one, self.delete, SUBSCRIBE),
            Route("POST", f"{one}/reauthorize", self.reauthorize),
        ]

    def list_all(self, call: IncomingCall) -> GraphAnswer:
        """Answer the app's subscriptions."""
        call.allow_options("$skiptoken")
        return page_by_token(
            call,
            "subscriptions",
            self._subscriptions.listed,
            HostedSubscription.as_json,
            most=100,
        )

    def create(self, call: IncomingCall) -> GraphAnswer:
        """Create a subscription after validating its URLs."""
        created = self._subscriptions.create(call.json(), immutable_ids=call.prefer.immutable_ids)
        return entity(call, "subscriptions", created.as_json(), status=201)

    def get(self, call: IncomingCall) -> GraphAnswer:
        """Answer one subscription."""
        return entity(call, "subscriptions", self._subscriptions.get(call.args["subscription"]).as_json())

    def update(self, call: IncomingCall) -> GraphAnswer:
        """Renew a subscription or change its URL."""
        updated = self._subscriptions.update(call.args["subscription"], call.json())
        return entity(call, "subscriptions", updated.as_json())

    def delete(self, call: IncomingCall) -> GraphAnswer:
        """Delete a subscription."""
        self._subscriptions.delete(call.args["subscription"])
        return GraphAnswer(204)

    def reauthorize(self, call: IncomingCall) -> GraphAnswer:
        """Reauthorize a subscription; its expiry stays the same."""
        self._subscriptions.reauthorize(call.args["subscription"])
        return GraphAnswer(204)
