"""A mailbox's subscription: created, renewed, replaced and ended, always towards what should be.

Every step is safe to do again, so a task that was killed half-way is simply done once more. The order keeps
a mailbox from ever being unwatched: the new subscription first, then the row that names it, then the end of
the old one. What Graph denies when it is asked by id is dead, whatever a list or a refusal says.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.decision import Outcome, Reason
from shared.domain.mailbox import Subscription
from shared.domain.messages import MailboxTask, TaskKind, TaskReason
from shared.errors import (
    GraphError,
    GraphUnavailable,
    OutOfTime,
    SubscriptionNotFound,
    Throttled,
    Unauthorized,
)
from shared.graph.client import Graph
from shared.graph.protocol.subscription_calls import LIFETIME
from shared.logs import logger
from shared.storage.mailboxes import VERSION, Mailbox, Mailboxes, MailboxState
from shared.worker.common.ending import Ending
from shared.worker.common.world import World
from shared.worker.mailboxes.creating import Created, Creator
from shared.worker.mailboxes.endpoint import Endpoint
from shared.worker.mailboxes.purposes import Purposes

#: Graph wants no second renewal within ten minutes; `reauthorizationRequired` comes more often.
RENEWED_LATELY = timedelta(minutes=10)
_UNKNOWN_TO_GRAPH = "Graph does not know the subscription any more"
#: trouble that a later try may not meet
_PASSING = (Throttled, GraphUnavailable, Unauthorized)


class Subscriptions:
    """Carries out the tasks about subscriptions; `row` is what is known of the task's mailbox.

    Every method raises GraphError, OutOfTime or StorageUnavailable.
    """

    def __init__(self, *, world: World, mailboxes: Mailboxes, endpoint: Endpoint) -> None:
        self._world = world
        self._mailboxes = mailboxes
        self._endpoint = endpoint
        self._creator = Creator(world=world, mailboxes=mailboxes, endpoint=endpoint)
        self._purposes = Purposes(world=world, mailboxes=mailboxes)

    def subscribe(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Ending:
        """See to it that the mailbox is watched, by one subscription that is as the settings want it."""
        old = self._recorded(row, graph)
        if old and row.endpoint == self._endpoint.fingerprint and task.reason is not TaskReason.QUIET:
            return self._keep(task, row, old)
        if old is None and row.subscription:
            self._lose(task, row, _UNKNOWN_TO_GRAPH)
            row = replace(row, subscription="")
        if old is None and self._purposes.is_room(task, row, graph):
            self._mailboxes.set_state(
                task.mailbox, MailboxState.UNUSABLE, why=Reason.ROOM, at=self._world.now()
            )
            return Ending(outcome=Outcome.KEPT, reason=Reason.ROOM)
        created = self._creator.create(row, old, graph)
        row = self._record(created, row)
        for one in created.replaced:
            _clear_away(one.id, graph)
        logger().info(
            "mailbox.subscribed",
            mailbox=task.mailbox,
            trace=task.trace,
            subscription=created.subscription.id,
            how=created.reason,
            because=task.reason,
            expires=created.subscription.expires,
        )
        return _swept_next(Ending(outcome=Outcome.SUBSCRIBED, reason=created.reason), task, row)

    def renew(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Ending:
        """Renew the mailbox's subscription with one PATCH; create another where it is gone or out of date."""
        now = self._world.now()
        if not row.subscription or row.endpoint != self._endpoint.fingerprint:
            return self.subscribe(task, row, graph)
        if row.renewed_at and now < row.renewed_at + RENEWED_LATELY:
            return Ending(outcome=Outcome.KEPT, reason=Reason.RENEWED_LATELY)
        if not row.purpose and self._purposes.is_room(task, row, graph):
            return self._let_go_of_room(row, graph)
        try:
            renewed = graph.renew_subscription(row.subscription, expires=now + LIFETIME)
        except SubscriptionNotFound as error:
            self._lose(task, row, str(error))
            return self.subscribe(task, replace(row, subscription=""), graph)
        self._mailboxes.update(task.mailbox, **self._life_of(renewed))
        logger().info(
            "mailbox.renewed",
            mailbox=task.mailbox,
            trace=task.trace,
            subscription=renewed.id,
            because=task.reason,
            expires=renewed.expires,
        )
        return Ending(outcome=Outcome.RENEWED, reason=Reason.SUBSCRIPTION_EXTENDED)

    def unsubscribe(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Ending:
        """End the mailbox's subscription: it is not ours to watch any more.

        First the row says so, for then nothing is written there. A subscription that Graph does not let us
        delete is left to the search for surplus ones, and to its own end.
        """
        state = MailboxState.UNUSABLE if task.reason is TaskReason.UNUSABLE else MailboxState.REMOVED
        now = self._world.now()
        self._mailboxes.update(
            task.mailbox, state=state, why=task.reason, state_since=now, watched_since=None
        )
        if row.subscription:
            try:
                _delete(row.subscription, graph)
            except _PASSING:
                raise
            except GraphError as error:
                self._lose(task, row, str(error))
        self._mailboxes.update(task.mailbox, subscription="", asked_until=None)
        return Ending(outcome=Outcome.UNSUBSCRIBED, reason=Reason.SUBSCRIPTION_DELETED)

    def is_alive(self, task: MailboxTask, row: Mailbox, graph: Graph) -> bool:
        """Tell whether Graph still knows the mailbox's subscription; note it if not.

        Where Graph does not say, it counts as alive: a sweep needs no subscription. So does one that was made
        a moment ago, where the sweep follows that: if Graph denies it already, making another at once would
        not end.
        """
        is_new = row.renewed_at is not None and self._world.now() < row.renewed_at + RENEWED_LATELY
        if row.subscription and is_new and task.reason is TaskReason.GAP:
            return True
        try:
            if self._recorded(row, graph):
                return True
        except _PASSING:
            raise
        except GraphError:
            return True
        if row.subscription:
            self._lose(task, row, _UNKNOWN_TO_GRAPH)
        return False

    def _recorded(self, row: Mailbox, graph: Graph) -> Subscription | None:
        """Return the subscription that the row names, None where Graph does not know it."""
        with suppress(SubscriptionNotFound):
            return graph.subscription(row.subscription) if row.subscription else None
        return None

    def _let_go_of_room(self, row: Mailbox, graph: Graph) -> Ending:
        self._mailboxes.set_state(row.id, MailboxState.UNUSABLE, why=Reason.ROOM, at=self._world.now())
        _clear_away(row.subscription, graph)
        self._mailboxes.update(row.id, subscription="", watched_since=None, asked_until=None)
        return Ending(outcome=Outcome.KEPT, reason=Reason.ROOM)

    def _keep(self, task: MailboxTask, row: Mailbox, found: Subscription) -> Ending:
        """All is in order; what happened while Graph kept us out is looked for."""
        kept = Ending(outcome=Outcome.KEPT, reason=Reason.IN_ORDER)
        if row.expires is None or row.renew_at is None:
            self._mailboxes.update(row.id, expires=found.expires, renew_at=self._world.now())
        if row.state is MailboxState.ACTIVE:
            return _swept_next(kept, task, row)
        now = self._world.now()
        self._mailboxes.update(
            task.mailbox, state=MailboxState.ACTIVE, why="", state_since=now, watched_since=now
        )
        return _swept_next(kept, task, replace(row, watched_since=now))

    def _record(self, created: Created, row: Mailbox) -> Mailbox:
        now = self._world.now()
        # Only a subscription that follows a living one has missed nothing, if Graph notified at all.
        follows = any(one.id == row.subscription for one in created.replaced)
        since = row.watched_since if follows else now
        self._mailboxes.update(
            row.id,
            v=VERSION,
            subscription=created.subscription.id,
            endpoint=self._endpoint.fingerprint,
            making_endpoint="",
            watched_since=since,
            **self._life_of(created.subscription),
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
        self._mailboxes.update(row.id, subscription="")
        logger().warning(
            "mailbox.lost",
            mailbox=task.mailbox,
            trace=task.trace,
            subscription=row.subscription,
            detail=detail,
        )


def _clear_away(subscription: str, graph: Graph) -> None:
    """Delete one that is replaced; if Graph does not, the search for surplus ones will."""
    with suppress(GraphError, OutOfTime):
        graph.delete_subscription(subscription)


def _delete(subscription: str, graph: Graph) -> None:
    with suppress(SubscriptionNotFound):
        graph.delete_subscription(subscription)


def _swept_next(ending: Ending, task: MailboxTask, row: Mailbox) -> Ending:
    """Have the mailbox swept, if it was not since it is watched."""
    if not row.needs_sweep:
        return ending
    sweep = replace(task, task=TaskKind.SWEEP, reason=TaskReason.GAP, attempt=0, mark="")
    return replace(ending, next_message=sweep)
