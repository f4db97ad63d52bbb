"""The queue `event-changes`: one message, one event to look at."""

import azure.functions as func

from shared import wiring
from shared.domain.messages import EVENT_CHANGES

blueprint = func.Blueprint()


@blueprint.queue_trigger(arg_name="message", queue_name=EVENT_CHANGES, connection="AzureWebJobsStorage")
def event_changes(message: func.QueueMessage) -> None:
    """Handle one event change; an exception makes the host give the message again."""
    wiring.joinlink().event_messages().handle(message.get_body(), message.dequeue_count or 1)
