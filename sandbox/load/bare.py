"""Function apps to compare the webhook with: one that does nothing, and one that only queues a message."""

from collections.abc import Callable, Mapping
from datetime import datetime

import azure.functions as func
from azure.storage.queue import QueueClient

#: Not the product's queue, so that its messages are not counted. They stay: a minute after a deletion Azurite
#: removes their texts, and answers nothing meanwhile, for minutes if they are thousands.
_QUEUE = "load-one-send"
_MESSAGE = "x" * 300


def bare(_settings: Mapping[str, str], _now: Callable[[], datetime]) -> func.FunctionApp:
    """Build an app that answers 202 at the product's route: it shows what host and HTTP cost."""
    return _app(lambda: None)


def one_send(settings: Mapping[str, str], _now: Callable[[], datetime]) -> func.FunctionApp:
    """Build an app that also sends one message with Microsoft's SDK: it shows what queuing costs here."""
    queue = QueueClient.from_connection_string(settings["AzureWebJobsStorage"], _QUEUE)
    queue.create_queue()
    return _app(lambda: queue.send_message(_MESSAGE))


def _app(work: Callable[[], object]) -> func.FunctionApp:
    app = func.FunctionApp()

    @app.route("notifications", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
    def notifications(req: func.HttpRequest) -> func.HttpResponse:
        del req
        work()
        return func.HttpResponse("", status_code=202, mimetype="text/plain")

    return app
