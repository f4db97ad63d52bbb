"""The messages of `mailbox-tasks`: how they are read, handled and logged."""

from datetime import datetime

from shared.domain.messages import MailboxTask
from shared.graph.client import Graph
from shared.logs import logger
from shared.worker.common.ending import Ending
from shared.worker.common.message_report import MessageReport
from shared.worker.mailboxes.tasks import MailboxTasks


class TaskHandler:
    """Handles tasks for mailboxes; a `MessageHandler`."""

    def __init__(self, tasks: MailboxTasks) -> None:
        self._tasks = tasks

    def decode(self, body: bytes, queued: datetime | None) -> MailboxTask:
        """Return the task; it does not matter when it was queued."""
        del queued
        return MailboxTask.decode(body)

    def handle(self, message: MailboxTask, graph: Graph, taken: datetime | None) -> Ending:
        """Carry out the task; it does not matter when it was taken."""
        del taken
        return self._tasks.carry_out(message, graph)

    def forget(self, message: MailboxTask, ending: Ending) -> None:
        """Forget nothing: a task reads everything again."""

    def log(self, report: MessageReport[MailboxTask]) -> None:
        """Write `task.finished`."""
        log_task_finished(report)


def log_task_finished(report: MessageReport[MailboxTask]) -> None:
    """Write the line that every message of `mailbox-tasks` ends with."""
    ending, task, following = report.ending, report.message, report.ending.next_message
    logger().log(
        report.level,
        "task.finished",
        outcome=ending.outcome,
        reason=ending.reason,
        detail=ending.detail or None,
        task=task.task if task else None,
        because=task.reason if task else None,
        mailbox=task.mailbox if task else None,
        trace=task.trace if task else None,
        attempt=task.attempt if task else None,
        next_task=following.task if isinstance(following, MailboxTask) else None,
        next_in_seconds=report.retry_seconds,
        duration_seconds=report.duration_seconds,
        graph_calls=report.tally.calls,
        graph_request_ids=report.tally.request_ids,
    )
