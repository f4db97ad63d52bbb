"""The queue `event-changes`: one message, one event to look at."""

import azure.functions as func

from functions.queued import queued, taken
from shared import wiring
from shared.domain.messages import EVENT_CHANGES
from shared.errors import SettingsError

blueprint = func.Blueprint()


@blueprint.queue_trigger(arg_name="message", queue_name=EVENT_CHANGES, connection="AzureWebJobsStorage")
def event_changes(message: func.QueueMessage) -> None:
    """Handle one event change; an exception makes the host give the message again."""
    joinlink, body = wiring.joinlink(), message.get_body()
    try:
        event_messages = joinlink.event_messages
    except SettingsError as error:
        joinlink.keep_message(EVENT_CHANGES, body, error)
    else:
        count = message.dequeue_count or 1
        event_messages.handle(body, count, queued=queued(message), taken=taken(message))
