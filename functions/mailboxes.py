"""The queue `mailbox-tasks`: each message names one thing to do for one mailbox."""

import azure.functions as func

from functions.queued import handle
from shared import wiring
from shared.domain.messages import MAILBOX_TASKS

blueprint = func.Blueprint()


@blueprint.queue_trigger(arg_name="message", queue_name=MAILBOX_TASKS, connection="AzureWebJobsStorage")
def mailbox_tasks(message: func.QueueMessage) -> None:
    """Carry out one task; an exception makes the host deliver the message again."""
    handle(MAILBOX_TASKS, message, lambda: wiring.joinlink().mailbox_messages)
