"""POST /api/notifications: answers Graph's validation handshake, and takes its notifications."""

import azure.functions as func

from shared import wiring
from shared.errors import QueueUnavailable, RejectedRequest, SettingsError
from shared.graph.protocol.notifications import SUSPICIOUS, Intake, handshake_answer
from shared.logs import logger, place_of

blueprint = func.Blueprint()
#: A log line has a maximum size, and a POST may report thousands of events.
_MAX_TRACES = 100


@blueprint.route("notifications", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
def notifications(req: func.HttpRequest) -> func.HttpResponse:
    """Answer the validation token; 202 after all changes are queued; or an error."""
    try:
        token = req.params.get("validationToken")
        if token is not None:
            return _answer(200, handshake_answer(token))
        _log(wiring.joinlink().webhook.accept(req.get_body()))
        return _answer(202)
    except RejectedRequest as error:
        logger().warning("notification.rejected", reason=str(error), status=error.status)
        return _answer(error.status, str(error))
    except (QueueUnavailable, SettingsError) as error:
        # After 503 Graph delivers again, for up to four hours.
        logger().error("notification.rejected", reason=str(error), status=503)
        return _answer(503)
    except Exception as error:  # noqa: BLE001 -- the host's answer 500 would not say where it failed
        logger().error("notification.rejected", reason=f"unexpected {place_of(error)}", status=503)
        return _answer(503)


def _log(intake: Intake) -> None:
    traces = intake.traces
    logger().info(
        "notification.received",
        items=intake.items,
        queued=len(intake.changes),
        dropped={reason.value: count for reason, count in intake.rejected.items()},
        tasks=len(intake.tasks),
        traces=traces[:_MAX_TRACES],
        more_traces=max(len(traces) - _MAX_TRACES, 0),
    )
    suspicious = {reason.value: count for reason, count in intake.rejected.items() if reason in SUSPICIOUS}
    if suspicious:
        logger().warning("notification.rejected", reason="not from our subscriptions", dropped=suspicious)


def _answer(status: int, text: str = "") -> func.HttpResponse:
    # The token is text from outside: a browser must not interpret it as HTML.
    headers = {"X-Content-Type-Options": "nosniff"}
    return func.HttpResponse(text, status_code=status, mimetype="text/plain", headers=headers)
