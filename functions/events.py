"""Handles the queue `event-changes`: each message names an event to read."""

import azure.functions as func

from functions.queued import handle
from shared import wiring
from shared.domain.messages import EVENT_CHANGES

blueprint = func.Blueprint()


@blueprint.queue_trigger(arg_name="message", queue_name=EVENT_CHANGES, connection="AzureWebJobsStorage")
def event_changes(message: func.QueueMessage) -> None:
    """Handle one message; after an exception the host delivers it again."""
    handle(EVENT_CHANGES, message, lambda: wiring.joinlink().event_messages)
