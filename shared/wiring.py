"""The one place where the parts are put together: each way in, made on its first use.

Nothing is read or connected at import: a missing setting must not empty the app of its functions, and the
webhook must not pay for what only the worker needs. So heavy modules are imported inside the builders.
"""

import os
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.errors import SettingsError
from shared.health_parts import HealthParts
from shared.maintenance_parts import MaintenanceParts
from shared.worker.common.world import World
from shared.worker.webhook.webhook import Webhook

if TYPE_CHECKING:
    import httpx

    from shared.desk.backfill import Backfill
    from shared.desk.doctor import Doctor
    from shared.desk.event_look import Desk
    from shared.desk.held_events import HeldEvents
    from shared.desk.replay import Replay
    from shared.desk.storage_trial import StorageTrial
    from shared.domain.messages import EventChange, MailboxTask
    from shared.worker.common.memory import MemoryStart
    from shared.worker.common.queue_messages import QueueMessages


class Joinlink(MaintenanceParts, HealthParts):
    """All ways in, for one process. Building is guarded by locks: the host calls from many threads."""

    def webhook(self) -> Webhook:
        """Return what takes notifications. Raises SettingsError."""
        with self._webhook_lock:
            return self._webhook

    def event_messages(self) -> "QueueMessages[EventChange]":
        """Return what handles the messages of `event-changes`. Raises SettingsError."""
        with self._worker_lock:
            return self._event_messages

    def backfill(self, sleep: Callable[[float], None]) -> "Backfill":
        """Return what backfills calendars; `sleep` waits for so many seconds. Raises SettingsError."""
        from shared.desk.backfill import Backfill
        from shared.desk.backfill_runs import BACKFILLS, Backfills

        with self._worker_lock:
            return Backfill(
                world=self._world,
                graph=self._graph,
                searcher=self._calendar_searcher,
                mailboxes=self._mailboxes,
                backfills=Backfills(self._table(BACKFILLS)),
                queue=self._event_changes,
                sleep=sleep,
            )

    def mailbox_messages(self) -> "QueueMessages[MailboxTask]":
        """Return what handles tasks for mailboxes. Raises SettingsError."""
        with self._worker_lock:
            return self._mailbox_messages

    def desk(self) -> "Desk":
        """Return what the admin's command reads with. Raises SettingsError."""
        with self._worker_lock:
            from shared.desk.event_look import PATIENCE, Desk
            from shared.worker.common.directory import Directory

            return Desk(
                graph=self._graph(),
                meetings=self._meetings,
                directory=Directory(self._graph, self._world.now, PATIENCE),
                memory=self._memory,
                rules=self._rule_source,
                now=self._world.now,
                report_only=self._settings.report_only,
            )

    def replay(self) -> "Replay":
        """Return what puts messages back from the poison queues. Raises SettingsError."""
        with self._worker_lock:
            from shared.desk.replay import Replay

            queues = {EVENT_CHANGES: self._event_changes, MAILBOX_TASKS: self._mailbox_tasks}
            return Replay(self._poison_queues, queues, self._world.now)

    def held_events(self) -> "HeldEvents":
        """Return what lists and releases events that are held. Raises SettingsError."""
        from shared.desk.held_events import HeldEvents

        with self._worker_lock:
            return HeldEvents(
                world=self._world, held=self._held, meetings=self._meetings, queue=self._event_changes
            )

    def memory_start(self) -> "MemoryStart":
        """Return what tells whether the memory of writes is whole. Raises SettingsError."""
        with self._worker_lock:
            return self._memory_start

    def storage_trial(self) -> "StorageTrial":
        """Return what tries the storage account out. Raises SettingsError."""
        from shared.desk.storage_trial import StorageTrial

        with self._worker_lock:
            return StorageTrial(self._storage, self._storage_credential, self._world.new_id())

    def doctor(self) -> "Doctor":
        """Return what looks at all that is needed, beside storage. Raises SettingsError."""
        from shared.desk.doctor import Doctor, Parts
        from shared.graph.own_endpoint import endpoint_problem

        with self._worker_lock:
            settings = self._settings
            url = settings.notification_url or ""
            found = Parts(
                settings=settings,
                graph=self._graph(),
                token=lambda: self._tokens.token(settings.cloud.graph).value,
                rules=self._rule_source,
                echo=lambda token: endpoint_problem(url, token, self._to_ourselves),
            )
            return Doctor(found, self._world.now)

    def keep_message(self, queue_name: str, body: bytes, error: SettingsError) -> None:
        """Put a message back on its queue until the settings are mended.

        Raises:
            SettingsError: those of the storage are wrong, too; the host gives the message again.
            QueueUnavailable: the queue did not take it; the host gives it again.
        """
        from shared.worker.common.messages_on_hold import MessagesOnHold
        from shared.worker.events.messages import log_event_decided
        from shared.worker.mailboxes.messages import log_task_finished

        with self._worker_lock:
            is_event = queue_name == EVENT_CHANGES
            queue = self._event_changes if is_event else self._mailbox_tasks
            poison = self._event_poison if is_event else self._mailbox_poison
        log = log_event_decided if is_event else log_task_finished
        MessagesOnHold(world=self._world, queue=queue, poison=poison, log=log).keep(body, error)

    @cached_property
    def _webhook(self) -> Webhook:
        settings = self._settings
        webhook = Webhook(
            world=self._world,
            changes=lambda: self._webhook_queue(EVENT_CHANGES),
            tasks=lambda: self._webhook_queue(MAILBOX_TASKS),
            keys=settings.client_state_keys,
            tenant_id=settings.tenant_id,
            settle=settings.settle,
            clock=time.monotonic,
        )
        self._open.append(webhook.close)
        return webhook

    @cached_property
    def _event_messages(self) -> "QueueMessages[EventChange]":
        from shared.storage.counters import COUNTERS, Counters
        from shared.worker.common.queue_messages import QueueMessages
        from shared.worker.events.attempts import Attempts
        from shared.worker.events.enabling import Enabler
        from shared.worker.events.messages import EventHandler
        from shared.worker.events.processing import Processor

        settings = self._settings  # first: what is wrong with any of them is told at once
        meetings, counters = self._meetings, Counters(self._table(COUNTERS))
        attempts = Attempts(world=self._world, meetings=meetings, held=self._held, counters=counters)
        enabler = Enabler(
            world=self._world, meetings=meetings, held=self._held, counters=counters, attempts=attempts
        )
        processor = Processor(
            world=self._world,
            policies=self._policies,
            directory=self._directory,
            meetings=meetings,
            mailboxes=self._mailboxes,
            enabler=enabler,
            attempts=attempts,
            memory=self._memory,
            report_only=settings.report_only,
        )
        return QueueMessages(
            world=self._world,
            graph=self._graph,
            handler=EventHandler(processor=processor, queue=self._event_changes),
            queue=self._event_changes,
            poison=self._event_poison,
        )

    @cached_property
    def _mailbox_messages(self) -> "QueueMessages[MailboxTask]":
        from shared.worker.common.queue_messages import QueueMessages
        from shared.worker.mailboxes.messages import TaskHandler
        from shared.worker.mailboxes.subscriptions import Subscriptions
        from shared.worker.mailboxes.sweep import Sweeper
        from shared.worker.mailboxes.tasks import MailboxTasks

        sweeper = Sweeper(
            world=self._world,
            policies=self._policies,
            searcher=self._calendar_searcher,
            mailboxes=self._mailboxes,
            queue=self._event_changes,
        )
        subscriptions = Subscriptions(world=self._world, mailboxes=self._mailboxes, endpoint=self._endpoint)
        tasks = MailboxTasks(
            world=self._world, mailboxes=self._mailboxes, subscriptions=subscriptions, sweeper=sweeper
        )
        return QueueMessages(
            world=self._world,
            graph=self._graph,
            handler=TaskHandler(tasks),
            queue=self._mailbox_tasks,
            poison=self._mailbox_poison,
        )


_joinlink = Joinlink(os.environ, World())


def joinlink() -> Joinlink:
    """Return the parts of this process."""
    return _joinlink


def rebuild(
    environ: Mapping[str, str], world: World, to_ourselves: "httpx.BaseTransport | None" = None
) -> Joinlink:
    """Put the parts together anew, in another world: for the sandbox and the tests."""
    global _joinlink  # noqa: PLW0603 -- the host calls functions, not objects: their state is the process's
    _joinlink = Joinlink(environ, world, to_ourselves)
    return _joinlink
