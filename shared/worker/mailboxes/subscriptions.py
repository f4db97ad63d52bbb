"""Carries out the tasks about a mailbox's subscription: create, renew, replace and end it.

Every step may be repeated, so a task that was killed half-way is done again. The order keeps a mailbox
watched at all times: create the new subscription, then write the row that names it, then delete the old one.
A GET by id decides whether a subscription is alive, whatever a list or a refusal shows.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.decision import Outcome, Reason
from shared.domain.mailbox import Subscription, kinds_from, reason_against
from shared.domain.messages import MailboxTask, TaskKind, TaskReason
from shared.errors import (
    GraphError,
    GraphUnavailable,
    OutOfTime,
    SubscriptionNotFound,
    SubscriptionTaken,
    Throttled,
    Unauthorized,
)
from shared.graph.client import Graph
from shared.logs import logger
from shared.storage.mailboxes import VERSION, Mailbox, Mailboxes, MailboxState
from shared.worker.common.ending import Ending
from shared.worker.common.world import World
from shared.worker.mailboxes.endpoint import Endpoint
from shared.worker.mailboxes.lifetimes import Lifetimes, believable
from shared.worker.mailboxes.mailbox_purposes import MailboxPurposes
from shared.worker.mailboxes.plans import sweep_after_pause
from shared.worker.mailboxes.subscription_creation import CreatedSubscription, SubscriptionCreator

#: Graph accepts no second renewal within ten minutes; `reauthorizationRequired` comes more often.
RENEWAL_PAUSE = timedelta(minutes=10)
_NOT_FOUND = "Graph does not know the subscription any more"
#: errors that a retry may not meet
_TRANSIENT = (Throttled, GraphUnavailable, Unauthorized)


class SubscriptionTasks:
    """Carries out the tasks about subscriptions; `row` is the row of the task's mailbox.

    Every method raises GraphError, OutOfTime or StorageUnavailable.
    """

    def __init__(
        self, *, world: World, mailboxes: Mailboxes, endpoint: Endpoint, is_stopped: Callable[[], bool]
    ) -> None:
        """`is_stopped` reads whether an admin stopped Joinlink."""
        self._world = world
        self._mailboxes = mailboxes
        self._endpoint = endpoint
        self._is_stopped = is_stopped
        self._lifetimes = Lifetimes(now=world.now, mailboxes=mailboxes)
        self._creator = SubscriptionCreator(
            world=world, mailboxes=mailboxes, endpoint=endpoint, lifetimes=self._lifetimes
        )
        self._purposes = MailboxPurposes(world=world, mailboxes=mailboxes)

    def subscribe(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Ending:
        """Make sure that the mailbox has one subscription that meets the settings."""
        current = self._live_subscription(row, graph)
        if current and row.endpoint == self._endpoint.fingerprint and task.reason is not TaskReason.QUIET:
            return self._keep(task, row, current)
        if current is None and row.subscription:
            self._record_loss(task, row, _NOT_FOUND)
            row = replace(row, subscription="")
        if current is None:
            row = self._purposes.refreshed(task, row, graph)
            reason = reason_against(row.purpose, kinds_from(row.kinds))
            # A mailbox that was watched until now leaves with the others that leave, or is held.
            if reason and row.state is not MailboxState.ACTIVE:
                return self._park(row, reason)
        if self._is_stopped():
            return Ending(outcome=Outcome.KEPT, reason=Reason.NOT_IN_SCOPE)
        try:
            created = self._creator.create(row, current, graph)
        except SubscriptionTaken as error:
            return self._record_taken(row, str(error))
        row = self._record_creation(created, row)
        for one in created.replaced:
            _try_to_delete(one.id, graph)
        logger().info(
            "mailbox.subscribed",
            mailbox=task.mailbox,
            trace=task.trace,
            subscription=created.subscription.id,
            how=created.reason,
            because=task.reason,
            expires=created.subscription.expires,
        )
        return _then_sweep(Ending(outcome=Outcome.SUBSCRIBED, reason=created.reason), task, row)

    def renew(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Ending:
        """Renew the mailbox's subscription with a PATCH; create another if it is gone or outdated.

        If Graph required it, a sweep follows: maintenance requests it, at the pace of all sweeps.
        """
        ending = self._renew(task, row, graph)
        if task.reason is TaskReason.REAUTHORIZATION_REQUIRED:
            self._record_pause(row)
        return ending

    def _renew(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Ending:
        now = self._world.now()
        if not row.subscription or row.endpoint != self._endpoint.fingerprint:
            return self.subscribe(task, row, graph)
        if self._purposes.is_outdated(row):
            row = self._purposes.refreshed(task, row, graph)
        if row.renewed_at and now < row.renewed_at + RENEWAL_PAUSE:
            return Ending(outcome=Outcome.KEPT, reason=Reason.RENEWED_LATELY)
        if row.absent_since and row.renew_at and now < row.renew_at and task.reason is TaskReason.DUE:
            # The mailbox seems to leave, and only its purpose was due.
            self._mailboxes.update(task.mailbox, asked_until=None)
            return Ending(outcome=Outcome.KEPT, reason=Reason.IN_ORDER)
        try:
            renewed = self._lifetimes.request(
                row, lambda expires: graph.renew_subscription(row.subscription, expires=expires)
            )
        except SubscriptionNotFound as error:
            self._record_loss(task, row, str(error))
            return self.subscribe(task, replace(row, subscription=""), graph)
        self._mailboxes.update(task.mailbox, **self._lifetime_columns(renewed))
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
        """End the mailbox's subscription: it must not be watched any more.

        The row changes first, because from then on nothing is written to the mailbox. If Graph refuses to
        delete the subscription, the search for surplus subscriptions retries, or it expires.
        """
        state = MailboxState.UNUSABLE if task.reason is TaskReason.UNUSABLE else MailboxState.REMOVED
        now = self._world.now()
        self._mailboxes.update(
            task.mailbox, state=state, why=task.reason, state_since=now, watched_since=None
        )
        if row.subscription:
            try:
                _delete(row.subscription, graph)
            except _TRANSIENT:
                raise
            except GraphError as error:
                self._record_loss(task, row, str(error))
        self._mailboxes.update(task.mailbox, subscription="", asked_until=None)
        return Ending(outcome=Outcome.UNSUBSCRIBED, reason=Reason.SUBSCRIPTION_DELETED)

    def is_alive(self, task: MailboxTask, row: Mailbox, graph: Graph) -> bool:
        """Return whether Graph still knows the mailbox's subscription; record the loss if not.

        If Graph refuses to answer, it counts as alive: a sweep needs no subscription. A new subscription
        counts as alive for the sweep that follows its creation. Otherwise a Graph that does not know it yet
        would cause an endless series of new ones.
        """
        is_new = row.renewed_at is not None and self._world.now() < row.renewed_at + RENEWAL_PAUSE
        if row.subscription and is_new and task.reason is TaskReason.GAP:
            return True
        try:
            if self._live_subscription(row, graph):
                return True
        except _TRANSIENT:
            raise
        except GraphError:
            return True
        if row.subscription:
            self._record_loss(task, row, _NOT_FOUND)
        return False

    def _live_subscription(self, row: Mailbox, graph: Graph) -> Subscription | None:
        """Return the subscription that the row names; None if Graph does not know it."""
        with suppress(SubscriptionNotFound):
            return graph.subscription(row.subscription) if row.subscription else None
        return None

    def _keep(self, task: MailboxTask, row: Mailbox, found: Subscription) -> Ending:
        """Keep a subscription that meets the settings; sweep what happened while Graph refused access."""
        kept = Ending(outcome=Outcome.KEPT, reason=Reason.IN_ORDER)
        if row.expires is None or row.renew_at is None:
            self._mailboxes.update(row.id, expires=found.expires, renew_at=self._world.now())
        if row.state is MailboxState.ACTIVE:
            return _then_sweep(kept, task, row)
        now = self._world.now()
        self._mailboxes.update(
            task.mailbox, state=MailboxState.ACTIVE, why="", state_since=now, watched_since=now
        )
        return _then_sweep(kept, task, replace(row, watched_since=now))

    def _park(self, row: Mailbox, reason: Reason) -> Ending:
        self._mailboxes.set_state(row.id, MailboxState.UNUSABLE, why=reason, at=self._world.now())
        purpose = row.purpose or "not known"
        return Ending(outcome=Outcome.KEPT, reason=reason, detail=f"the mailbox's userPurpose is {purpose}")

    def _record_taken(self, row: Mailbox, detail: str) -> Ending:
        """Record that other deployments watch the mailbox; maintenance tries again after a day."""
        reason = Reason.OTHER_DEPLOYMENT
        self._mailboxes.set_state(row.id, MailboxState.UNUSABLE, why=reason, at=self._world.now())
        self._mailboxes.update(row.id, asked_until=None)
        return Ending(outcome=Outcome.DELAYED, reason=reason, detail=detail)

    def _record_creation(self, created: CreatedSubscription, row: Mailbox) -> Mailbox:
        """Write the new subscription to the row; return the row with its `watched_since`."""
        now = self._world.now()
        # There is no gap only if the new subscription follows a live one.
        follows_live_one = any(one.id == row.subscription for one in created.replaced)
        since = row.watched_since if follows_live_one else now
        self._mailboxes.update(
            row.id,
            v=VERSION,
            subscription=created.subscription.id,
            endpoint=self._endpoint.fingerprint,
            making_endpoint="",
            watched_since=since,
            missed_since=None,
            **self._lifetime_columns(created.subscription),
        )
        return replace(row, watched_since=since)

    def _lifetime_columns(self, subscription: Subscription) -> dict[str, str | datetime | None]:
        now = self._world.now()
        expires = believable(subscription.expires, now)
        return {
            "state": MailboxState.ACTIVE,
            "why": "",
            "expires": expires,
            "renew_at": now + (expires - now) / 2,
            "renewed_at": now,
            "asked_until": None,
        }

    def _record_pause(self, row: Mailbox) -> None:
        """Let a sweep follow: Graph may have reported nothing before it was reauthorized."""
        due = sweep_after_pause(row, self._world.now())
        if due != row.sweep_due:
            self._mailboxes.update(row.id, sweep_due=due)

    def _record_loss(self, task: MailboxTask, row: Mailbox, detail: str) -> None:
        self._mailboxes.update(row.id, subscription="")
        logger().warning(
            "mailbox.lost",
            mailbox=task.mailbox,
            trace=task.trace,
            subscription=row.subscription,
            detail=detail,
        )


def _try_to_delete(subscription: str, graph: Graph) -> None:
    """Delete a replaced subscription; if this fails, the search for surplus subscriptions retries."""
    with suppress(GraphError, OutOfTime):
        graph.delete_subscription(subscription)


def _delete(subscription: str, graph: Graph) -> None:
    with suppress(SubscriptionNotFound):
        graph.delete_subscription(subscription)


def _then_sweep(ending: Ending, task: MailboxTask, row: Mailbox) -> Ending:
    """Let a sweep follow, if the mailbox was not swept since it is watched."""
    if not row.needs_sweep:
        return ending
    sweep = replace(task, task=TaskKind.SWEEP, reason=TaskReason.GAP, attempt=0, mark="")
    return replace(ending, next_message=sweep)
