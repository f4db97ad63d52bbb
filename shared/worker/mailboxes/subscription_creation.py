"""Creates a mailbox's subscription, even if Graph has another one for it.

Graph allows an app one subscription for each pair of resource and changeType, and two values of changeType
mean the same to us (`CHANGE_TYPES`). So an existing subscription does not prevent a new one. If an unfinished
task of ours created it, it is adopted. Otherwise the new one gets the other changeType and then replaces it.

Another deployment of the same app registration may have subscriptions to the mailbox, too. Those are never
touched; if it has both, Joinlink can't watch the mailbox.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.decision import Reason
from shared.domain.mailbox import Subscription
from shared.domain.notification_address import notification_address
from shared.errors import GraphUnavailable, SubscriptionExists, SubscriptionNotFound, SubscriptionTaken
from shared.graph.client import Graph
from shared.graph.protocol.subscription_calls import CHANGE_TYPES
from shared.storage.mailboxes import MIXED, Mailbox, Mailboxes
from shared.worker.common.world import World
from shared.worker.mailboxes.endpoint import Endpoint
from shared.worker.mailboxes.lifetimes import Lifetimes

#: longer than any task can take (host.json)
_CREATION_TIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class CreatedSubscription:
    """A subscription that meets the settings, and the subscriptions that it replaces."""

    subscription: Subscription
    reason: Reason
    replaced: tuple[Subscription, ...]


class SubscriptionCreator:
    """Creates subscriptions, each with at most three POSTs, three GETs and one DELETE.

    A POST is repeated with shorter lengths if Graph refuses the usual one.
    """

    def __init__(
        self, *, world: World, mailboxes: Mailboxes, endpoint: Endpoint, lifetimes: Lifetimes
    ) -> None:
        self._world = world
        self._mailboxes = mailboxes
        self._endpoint = endpoint
        self._lifetimes = lifetimes

    def create(
        self, row: Mailbox, current: Subscription | None, graph: Graph, calendar: str = ""
    ) -> CreatedSubscription:
        """Create or adopt a subscription; it replaces `current`, the live subscription that the row names.

        It is to the events of the mailbox, or of the `calendar` with this id.

        Raises:
            GraphUnavailable: Graph refuses because of a subscription that it does not show; retry later.
            SubscriptionTaken: other deployments have a subscription of each changeType.
            GraphError, StorageUnavailable: something else failed.
        """
        self._record_start(row)
        self._endpoint.warm_up()
        existing = [current] if current else []
        others: list[Subscription] = []
        refused: SubscriptionExists | None = None
        for change_type in CHANGE_TYPES:
            if current and change_type == current.change_type:
                continue
            try:
                return _created(self._post(row, calendar, change_type, graph), existing)
            except SubscriptionExists as error:
                refused = error
                found = self._existing(error, graph)
            if found and self._is_ours(found, row):
                return CreatedSubscription(found, Reason.SUBSCRIPTION_ADOPTED, tuple(existing))
            if found:
                is_own = found.id in row.subscriptions or self._endpoint.is_address_of(found)
                (existing if is_own else others).append(found)
        if len(others) == len(CHANGE_TYPES):
            raise _taken(others)
        assert refused
        # The mailbox's current subscription stays until the new one exists, unless others leave no room.
        old = next((one for one in existing if one is not current), current if others else None)
        if old is None:
            raise _not_shown(refused)
        return self._replace(old, row, existing, graph, calendar)

    def _replace(
        self, old: Subscription, row: Mailbox, existing: list[Subscription], graph: Graph, calendar: str
    ) -> CreatedSubscription:
        """Delete an old subscription of this deployment and create one in its place."""
        with suppress(SubscriptionNotFound):
            graph.delete_subscription(old.id)
        existing.remove(old)
        try:
            return _created(self._post(row, calendar, old.change_type, graph), existing)
        except SubscriptionExists as error:
            raise _not_shown(error) from error

    def _record_start(self, row: Mailbox) -> None:
        """Record the creation and its endpoint, so that the new subscription does not count as surplus."""
        ours = self._endpoint.fingerprint
        self._mailboxes.update(
            row.id,
            making_until=self._world.now() + _CREATION_TIME,
            making_endpoint=ours if row.making_endpoint in {"", ours} else MIXED,
        )

    def _is_ours(self, found: Subscription, row: Mailbox) -> bool:
        """Return whether an unfinished task created it with the current settings.

        Graph never shows the clientState, so only the row knows the key. A subscription with another key
        would send notifications that Joinlink rejects as soon as that key expires.
        """
        return row.making_endpoint == self._endpoint.fingerprint and self._endpoint.is_url_of(found)

    def _existing(self, error: SubscriptionExists, graph: Graph) -> Subscription | None:
        """Return the live subscription that caused the refusal; None if Graph does not show it by its id."""
        if not error.subscription:
            return None
        with suppress(SubscriptionNotFound):
            found = graph.subscription(error.subscription)
            return found if found.expires > self._world.now() else None
        return None

    def _post(self, row: Mailbox, calendar: str, change_type: str, graph: Graph) -> Subscription:
        return self._lifetimes.request(
            row,
            lambda expires: graph.create_subscription(
                row.id,
                calendar=calendar,
                change_type=change_type,
                url=self._endpoint.url,
                client_state=self._endpoint.client_state(row.id),
                expires=expires,
            ),
        )


def _created(subscription: Subscription, replaced: list[Subscription]) -> CreatedSubscription:
    reason = Reason.SUBSCRIPTION_REPLACED if replaced else Reason.SUBSCRIPTION_CREATED
    return CreatedSubscription(subscription, reason, tuple(replaced))


def _taken(others: list[Subscription]) -> SubscriptionTaken:
    addresses = sorted({notification_address(one.notification_url) for one in others})
    return SubscriptionTaken(f"both subscriptions that Graph allows notify {' and '.join(addresses)}")


def _not_shown(error: SubscriptionExists) -> GraphUnavailable:
    detail = "Graph reports that a subscription exists, but does not show it"
    return GraphUnavailable(error.call, status=error.status, code=error.code, detail=detail)
