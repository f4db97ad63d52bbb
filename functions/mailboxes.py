"""The queue `mailbox-tasks`: one message, one thing to do for one mailbox."""

import azure.functions as func

from functions.queued import queued, taken
from shared import wiring
from shared.domain.messages import MAILBOX_TASKS
from shared.errors import SettingsError

blueprint = func.Blueprint()


@blueprint.queue_trigger(arg_name="message", queue_name=MAILBOX_TASKS, connection="AzureWebJobsStorage")
def mailbox_tasks(message: func.QueueMessage) -> None:
    """Carry out one task; an exception makes the host give the message again."""
    joinlink, body = wiring.joinlink(), message.get_body()
    try:
        mailbox_messages = joinlink.mailbox_messages
    except SettingsError as error:
        joinlink.keep_message(MAILBOX_TASKS, body, error)
    else:
        count = message.dequeue_count or 1
        mailbox_messages.handle(body, count, queued=queued(message), taken=taken(message))
