"""Creating a mailbox's subscription, though another may be in the way.

Graph allows an app one subscription for each pair of resource and changeType, and we have two ways to say
the same (`CHANGE_TYPES`). So what is in the way is not fought: one that an unfinished task of ours created
is adopted; beside any other a new one is created with the other changeType, which then takes its place.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.decision import Reason
from shared.domain.mailbox import Subscription
from shared.errors import GraphUnavailable, SubscriptionExists, SubscriptionNotFound
from shared.graph.client import Graph
from shared.graph.protocol.subscription_calls import CHANGE_TYPES, LIFETIME
from shared.storage.mailboxes import MIXED, Mailbox, Mailboxes
from shared.worker.common.world import World
from shared.worker.mailboxes.endpoint import Endpoint

#: longer than any task can take (host.json)
_MAKING = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Created:
    """A subscription that is as it should be, and those that it takes the place of."""

    subscription: Subscription
    reason: Reason
    replaced: tuple[Subscription, ...]


class Creator:
    """Creates subscriptions; at most three POSTs, three GETs and one DELETE each time."""

    def __init__(self, *, world: World, mailboxes: Mailboxes, endpoint: Endpoint) -> None:
        self._world = world
        self._mailboxes = mailboxes
        self._endpoint = endpoint

    def create(self, row: Mailbox, old: Subscription | None, graph: Graph) -> Created:
        """Create a subscription, or adopt ours; it replaces `old`, the living one that the row names.

        Raises:
            GraphUnavailable: something is in the way that Graph does not show; that is tried again later.
            GraphError, StorageUnavailable: something else failed.
        """
        self._announce(row)
        self._endpoint.warm()
        in_the_way = [old] if old else []
        refused: SubscriptionExists | None = None
        for change_type in _free_beside(old):
            try:
                return _created(self._post(row.id, change_type, graph), in_the_way)
            except SubscriptionExists as error:
                refused = error
                found = self._found(error, graph)
            if found and self._is_ours(found, row):
                return Created(found, Reason.SUBSCRIPTION_ADOPTED, tuple(in_the_way))
            if found:
                in_the_way.append(found)
        assert refused
        foreign = next((one for one in in_the_way if one is not old), None)
        if foreign is None:
            raise _not_shown(refused)
        # Both are taken: the living one of the row stays until the new one is there, if there is one.
        with suppress(SubscriptionNotFound):
            graph.delete_subscription(foreign.id)
        in_the_way.remove(foreign)
        try:
            return _created(self._post(row.id, foreign.change_type, graph), in_the_way)
        except SubscriptionExists as error:
            raise _not_shown(error) from error

    def _announce(self, row: Mailbox) -> None:
        """Note that a subscription is being created, so that nobody takes it for surplus, and how."""
        ours = self._endpoint.fingerprint
        self._mailboxes.update(
            row.id,
            making_until=self._world.now() + _MAKING,
            making_endpoint=ours if row.making_endpoint in {"", ours} else MIXED,
        )

    def _is_ours(self, found: Subscription, row: Mailbox) -> bool:
        """Tell whether it was created by an unfinished task with the settings of now.

        Graph never shows the clientState: only the row knows with which key it was created. One with another
        key would notify in vain as soon as that key is not accepted any more.
        """
        return row.making_endpoint == self._endpoint.fingerprint and self._endpoint.is_in(found)

    def _found(self, error: SubscriptionExists, graph: Graph) -> Subscription | None:
        """Return the living subscription that is in the way, None where Graph does not show it by its id."""
        if not error.subscription:
            return None
        with suppress(SubscriptionNotFound):
            found = graph.subscription(error.subscription)
            return found if found.expires > self._world.now() else None
        return None

    def _post(self, mailbox: str, change_type: str, graph: Graph) -> Subscription:
        return graph.create_subscription(
            mailbox,
            change_type=change_type,
            url=self._endpoint.url,
            client_state=self._endpoint.client_state(mailbox),
            expires=self._world.now() + LIFETIME,
        )


def _free_beside(old: Subscription | None) -> Iterator[str]:
    return (one for one in CHANGE_TYPES if old is None or one != old.change_type)


def _created(subscription: Subscription, in_the_way: list[Subscription]) -> Created:
    reason = Reason.SUBSCRIPTION_REPLACED if in_the_way else Reason.SUBSCRIPTION_CREATED
    return Created(subscription, reason, tuple(in_the_way))


def _not_shown(error: SubscriptionExists) -> GraphUnavailable:
    detail = "Graph reports that a subscription exists, and does not list it"
    return GraphUnavailable(error.call, status=error.status, code=error.code, detail=detail)
