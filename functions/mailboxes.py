"""Handles the queue `mailbox-tasks`: each message is one task for one mailbox."""

import azure.functions as func

from functions.queued import handle
from shared import wiring
from shared.domain.messages import MAILBOX_TASKS

blueprint = func.Blueprint()


@blueprint.queue_trigger(arg_name="message", queue_name=MAILBOX_TASKS, connection="AzureWebJobsStorage")
def mailbox_tasks(message: func.QueueMessage) -> None:
    """Handle one message; after an exception the host delivers it again."""
    handle(MAILBOX_TASKS, message, lambda: wiring.joinlink().mailbox_messages)
