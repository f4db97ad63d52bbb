"""What the Functions host does: it gives messages to the workers, and again if they are not finished."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.machine.record import DeliveryRecord
from sandbox.machine.worker import MachineWorker, message_facts
from sandbox.simulate.queue import MemoryQueue, QueuedText
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS, TaskKind

if TYPE_CHECKING:
    from sandbox.machine.town import Town

#: how long it hides a message, and one that failed (host.json)
_LEASE, _RETRY = timedelta(minutes=10), timedelta(minutes=1)


class MessageHost:
    """The host of a town's workers; `last_given` is when it last gave a message to one."""

    def __init__(self, town: "Town") -> None:
        self._town = town
        self.last_given = town.now

    @property
    def times(self) -> list[datetime]:
        """When the next message of each queue is visible."""
        return [queue.next_visible for queue in self._queues if queue.next_visible]

    def begin_next(self, worker: MachineWorker) -> bool:
        """Have a worker begin to handle the next visible message; return False if there is none."""
        for queue in self._queues:
            if message := queue.dequeue():
                self.last_given = self._town.now
                self._begin(worker, queue.name, message)
                return True
        return False

    def give_again(self, delivery: DeliveryRecord) -> None:
        """Give a message again whose worker was killed, once its lease ends."""
        rest = delivery.began + _LEASE - self._town.now
        self._town.account.queue(delivery.queue).put_back(delivery.message, rest)

    @property
    def _queues(self) -> Iterable[MemoryQueue]:
        return [self._town.account.queue(name) for name in (EVENT_CHANGES, MAILBOX_TASKS)]

    def _begin(self, worker: MachineWorker, queue: str, message: QueuedText) -> None:
        town = self._town
        mailbox, event, task = message_facts(message.text)
        record, is_copy = town.people.event_of(mailbox, event) if event else (None, False)
        delivery = DeliveryRecord(
            queue=queue,
            message=message,
            worker=worker.number,
            began=town.now,
            own_began=worker.now,
            event=record,
            is_attendees_copy=is_copy,
            unsubscribes=town.people.number_of(mailbox) if task == TaskKind.UNSUBSCRIBE else None,
            was_braked=worker.is_braked,
        )
        for other in town.workers:
            if other.delivery:
                other.delivery.has_overlapped = delivery.has_overlapped = True

        def done() -> None:
            worker.delivery = None
            if delivery.is_left_to_host:
                town.account.queue(queue).put_back(message, _RETRY)
            town.judge.check_delivery(delivery)

        worker.begin(delivery, message.dequeued, message.queued, done)
