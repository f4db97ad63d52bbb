"""Builds what handles the messages of the two queues."""

import gc
from functools import cache

from shared.domain.messages import EventChange, MailboxTask
from shared.storage.counters import COUNTERS, Counters
from shared.wiring.parts import Parts
from shared.worker.common.policy_reloader import PolicyReloader
from shared.worker.common.queue_messages import QueueMessages
from shared.worker.events.attempt_review import AttemptReview
from shared.worker.events.attempts import Attempts
from shared.worker.events.deciding import EventDecider
from shared.worker.events.enabling import Enabler
from shared.worker.events.link_confirmation import LinkConfirmation
from shared.worker.events.messages import EventHandler
from shared.worker.events.missed_changes import MissedChanges
from shared.worker.events.processing import Processor
from shared.worker.events.scope_check import ScopeCheck
from shared.worker.mailboxes.calendar_subscriptions import CalendarSubscriptions
from shared.worker.mailboxes.messages import TaskHandler
from shared.worker.mailboxes.subscriptions import SubscriptionTasks
from shared.worker.mailboxes.sweep import Sweeper
from shared.worker.mailboxes.tasks import MailboxTasks


def build_event_messages(parts: Parts, policies: PolicyReloader) -> QueueMessages[EventChange]:
    """Return the handler of `event-changes`. Raises SettingsError."""
    settings = parts.process.settings  # first: it reports all wrong settings at once
    world, storage = parts.process.world, parts.storage
    meetings, held, counters = storage.meetings, storage.held_events, Counters(storage.table(COUNTERS))
    attempts = Attempts(world=world, meetings=meetings, counters=counters)
    review = AttemptReview(world=world, attempts=attempts, held=held)
    confirmation = LinkConfirmation(world=world, meetings=meetings, held=held, review=review)
    enabler = Enabler(
        world=world,
        counters=counters,
        attempts=attempts,
        confirmation=confirmation,
        missed=MissedChanges(storage.mailboxes),
    )
    scope = ScopeCheck(storage.mailboxes)
    decider = EventDecider(
        world=world,
        directory=parts.graph.directory,
        memory=parts.memory_check,
        scope=scope,
        attempts=attempts,
        review=review,
        confirmation=confirmation,
        enabler=enabler,
        report_only=settings.report_only,
    )
    processor = Processor(
        world=world,
        policies=policies,
        meetings=meetings,
        mailboxes=storage.mailboxes,
        scope=scope,
        decider=decider,
    )
    _keep_start_out_of_collections()
    return QueueMessages(
        world=world,
        graph=parts.graph.new_client,
        handler=EventHandler(processor=processor, queue=storage.event_changes),
        queue=storage.event_changes,
        poison=storage.event_poison,
    )


def build_mailbox_messages(parts: Parts, policies: PolicyReloader) -> QueueMessages[MailboxTask]:
    """Return the handler of `mailbox-tasks`. Raises SettingsError."""
    world, storage = parts.process.world, parts.storage
    sweeper = Sweeper(
        world=world,
        policies=policies,
        searcher=parts.calendar_searcher,
        mailboxes=storage.mailboxes,
        counters=Counters(storage.table(COUNTERS)),
        queue=storage.event_changes,
    )
    subscriptions = SubscriptionTasks(
        world=world,
        mailboxes=storage.mailboxes,
        endpoint=parts.graph.endpoint,
        is_stopped=storage.watch_stop.is_set,
    )
    tasks = MailboxTasks(
        world=world,
        mailboxes=storage.mailboxes,
        subscriptions=subscriptions,
        calendar_subscriptions=CalendarSubscriptions(
            world=world,
            mailboxes=storage.mailboxes,
            endpoint=parts.graph.endpoint,
            is_enabled=parts.process.settings.calendar_subscriptions,
            is_stopped=storage.watch_stop.is_set,
        ),
        sweeper=sweeper,
    )
    return QueueMessages(
        world=world,
        graph=parts.graph.new_client,
        handler=TaskHandler(tasks),
        queue=storage.mailbox_tasks,
        poison=storage.mailbox_poison,
    )


@cache
def _keep_start_out_of_collections() -> None:
    """Let the garbage collector ignore, once for a process, what was built at the start.

    Modules and classes live as long as the process. To visit them again and again takes a twelfth of the
    CPU time of an event.
    """
    gc.freeze()
