"""A mailbox's subscription: made, renewed, replaced and ended, always towards what should be.

Every step is safe to do again, so a task that was killed half-way is simply done once more. The order keeps
a mailbox from ever being unwatched: the new subscription first, then the row that names it, then the end of
the old one. One that the row does not name was made by a task that died; the next one takes it over.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.decision import Outcome, Reason
from shared.domain.mailbox import Subscription
from shared.domain.messages import MailboxTask, TaskKind, TaskReason
from shared.errors import Forbidden, GraphUnavailable, SubscriptionExists, SubscriptionNotFound
from shared.graph.client import Graph
from shared.graph.subscription_calls import CHANGE_TYPES, LIFETIME, mailbox_watched
from shared.logs import logger
from shared.storage.mailboxes import Mailbox, Mailboxes, MailboxState
from shared.worker.endpoint import Endpoint
from shared.worker.handled import Handled
from shared.worker.world import World

#: Graph wants no second renewal within ten minutes; `reauthorizationRequired` comes more often.
RENEWED_LATELY = timedelta(minutes=10)
#: Graph's words for what a mailbox may be for, of which we want none
_ROOMS = frozenset({"room", "equipment"})
#: longer than any task can take (host.json)
_MAKING = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Made:
    """A subscription that is as it should be, and the one that it takes the place of."""

    subscription: Subscription
    reason: Reason
    old: Subscription | None


class Subscriptions:
    """Carries out the tasks about subscriptions; `row` is what is known of the task's mailbox.

    Every method raises GraphError or StorageUnavailable.
    """

    def __init__(self, *, world: World, mailboxes: Mailboxes, endpoint: Endpoint) -> None:
        self._world = world
        self._mailboxes = mailboxes
        self._endpoint = endpoint

    def subscribe(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Handled:
        """See to it that the mailbox is watched, by one subscription that is as the settings want it."""
        old = self._recorded(row, graph)
        if old and row.endpoint == self._endpoint.fingerprint and task.reason is not TaskReason.QUIET:
            return self._keep(task, row)
        if old is None and row.subscription:
            self._lose(task, row, "Graph does not know the subscription any more")
        if old is None and self._is_room(task.mailbox, graph):
            self._mailboxes.mark(task.mailbox, MailboxState.UNUSABLE, why=Reason.ROOM, at=self._world.now())
            return Handled(outcome=Outcome.KEPT, reason=Reason.ROOM)
        made = self._make(task.mailbox, old, graph)
        row = self._record(made, row)
        if made.old:
            _delete(made.old.id, graph)
        logger().info(
            "mailbox.subscribed",
            mailbox=task.mailbox,
            trace=task.trace,
            subscription=made.subscription.id,
            how=made.reason,
            because=task.reason,
            expires=made.subscription.expires,
        )
        return _swept_next(Handled(outcome=Outcome.SUBSCRIBED, reason=made.reason), task, row)

    def renew(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Handled:
        """Renew the mailbox's subscription with one PATCH; make another where it is gone or out of date."""
        now = self._world.now()
        if not row.subscription or row.endpoint != self._endpoint.fingerprint:
            return self.subscribe(task, row, graph)
        if row.renewed_at and now < row.renewed_at + RENEWED_LATELY:
            return Handled(outcome=Outcome.KEPT, reason=Reason.RENEWED_LATELY)
        try:
            renewed = graph.renew_subscription(row.subscription, expires=now + LIFETIME)
        except SubscriptionNotFound as error:
            self._lose(task, row, str(error))
            return self.subscribe(task, replace(row, subscription=""), graph)
        self._mailboxes.note(task.mailbox, **self._life_of(renewed))
        logger().info(
            "mailbox.renewed",
            mailbox=task.mailbox,
            trace=task.trace,
            subscription=renewed.id,
            because=task.reason,
            expires=renewed.expires,
        )
        return Handled(outcome=Outcome.RENEWED, reason=Reason.SUBSCRIPTION_EXTENDED)

    def unsubscribe(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Handled:
        """End the mailbox's subscription: it is not ours to watch any more."""
        if row.subscription:
            _delete(row.subscription, graph)
        state = MailboxState.UNUSABLE if task.reason is TaskReason.UNUSABLE else MailboxState.REMOVED
        self._mailboxes.note(
            task.mailbox,
            subscription="",
            state=state,
            why=task.reason,
            state_since=self._world.now(),
            watched_since=None,
            asked_until=None,
        )
        return Handled(outcome=Outcome.UNSUBSCRIBED, reason=Reason.SUBSCRIPTION_DELETED)

    def is_alive(self, task: MailboxTask, row: Mailbox, graph: Graph) -> bool:
        """Tell whether Graph still knows the mailbox's subscription; note it if not."""
        if self._recorded(row, graph):
            return True
        if row.subscription:
            self._lose(task, row, "Graph does not know the subscription any more")
        return False

    def _recorded(self, row: Mailbox, graph: Graph) -> Subscription | None:
        """Return the subscription that the row names, None where Graph does not know it."""
        with suppress(SubscriptionNotFound):
            return graph.subscription(row.subscription) if row.subscription else None
        return None

    def _is_room(self, mailbox: str, graph: Graph) -> bool:
        """Tell whether it is a room's or a device's: those organize nothing, and hear of everything."""
        with suppress(Forbidden):  # MailboxSettings.Read is good to have, and no more
            return graph.purpose(mailbox) in _ROOMS
        return False

    def _keep(self, task: MailboxTask, row: Mailbox) -> Handled:
        """All is in order; what happened while Graph kept us out is looked for."""
        kept = Handled(outcome=Outcome.KEPT, reason=Reason.IN_ORDER)
        if row.state is MailboxState.ACTIVE:
            return _swept_next(kept, task, row)
        now = self._world.now()
        self._mailboxes.note(
            task.mailbox, state=MailboxState.ACTIVE, why="", state_since=now, watched_since=now
        )
        return _swept_next(kept, task, replace(row, watched_since=now))

    def _make(self, mailbox: str, old: Subscription | None, graph: Graph) -> _Made:
        # So long nobody takes a subscription for surplus that no row names yet.
        self._mailboxes.note(mailbox, making_until=self._world.now() + _MAKING)
        self._endpoint.warm()
        reason = Reason.SUBSCRIPTION_REPLACED if old else Reason.SUBSCRIPTION_CREATED
        try:
            return _Made(self._create(mailbox, old, graph), reason, old)
        except SubscriptionExists as error:
            found = _existing(error, mailbox, old, graph)
        if self._endpoint.is_in(found):
            return _Made(found, Reason.SUBSCRIPTION_ADOPTED, old)
        if old is None:
            return self._make(mailbox, found, graph)
        _delete(found.id, graph)
        return _Made(self._create(mailbox, old, graph), reason, old)

    def _create(self, mailbox: str, old: Subscription | None, graph: Graph) -> Subscription:
        return graph.create_subscription(
            mailbox,
            change_type=_change_type_beside(old),
            url=self._endpoint.url,
            client_state=self._endpoint.client_state(mailbox),
            expires=self._world.now() + LIFETIME,
        )

    def _record(self, made: _Made, row: Mailbox) -> Mailbox:
        now = self._world.now()
        # Only a subscription that follows a living one has missed nothing, if Graph notified at all.
        since = row.watched_since if made.old and made.old.id == row.subscription else now
        self._mailboxes.note(
            row.id,
            subscription=made.subscription.id,
            endpoint=self._endpoint.fingerprint,
            watched_since=since,
            **self._life_of(made.subscription),
        )
        return replace(row, watched_since=since)

    def _life_of(self, subscription: Subscription) -> dict[str, str | datetime | None]:
        now = self._world.now()
        return {
            "state": MailboxState.ACTIVE,
            "why": "",
            "expires": subscription.expires,
            "renew_at": now + (subscription.expires - now) / 2,
            "renewed_at": now,
            "asked_until": None,
        }

    def _lose(self, task: MailboxTask, row: Mailbox, detail: str) -> None:
        self._mailboxes.note(row.id, subscription="")
        logger().warning(
            "mailbox.lost",
            mailbox=task.mailbox,
            trace=task.trace,
            subscription=row.subscription,
            detail=detail,
        )


def _existing(
    error: SubscriptionExists, mailbox: str, old: Subscription | None, graph: Graph
) -> Subscription:
    """Return the subscription that is in the way of a new one.

    Raises:
        GraphUnavailable: Graph does not show it yet, or no more; both pass.
    """
    if error.subscription:
        with suppress(SubscriptionNotFound):
            return graph.subscription(error.subscription)
    wanted = _change_type_beside(old)
    for page in graph.subscriptions():
        for found in page:
            if mailbox_watched(found.resource) == mailbox and found.change_type == wanted:
                return found
    raise GraphUnavailable(error.call, status=error.status, code=error.code, detail="and it is not listed")


def _change_type_beside(old: Subscription | None) -> str:
    return next(one for one in CHANGE_TYPES if old is None or one != old.change_type)


def _delete(subscription: str, graph: Graph) -> None:
    with suppress(SubscriptionNotFound):
        graph.delete_subscription(subscription)


def _swept_next(handled: Handled, task: MailboxTask, row: Mailbox) -> Handled:
    """Have the mailbox swept, if it was not since it is watched."""
    if not row.needs_sweep:
        return handled
    sweep = replace(task, task=TaskKind.SWEEP, reason=TaskReason.GAP, attempt=0)
    return replace(handled, again=sweep)
