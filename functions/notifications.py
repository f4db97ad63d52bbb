"""POST /api/notifications: Graph's validation handshake, and its notifications."""

import azure.functions as func

from shared import wiring
from shared.errors import QueueUnavailable, RejectedRequest, SettingsError
from shared.graph.protocol.notifications import SUSPICIOUS, Intake, handshake_answer
from shared.logs import logger, place_of

blueprint = func.Blueprint()
#: A log line is limited in length, and a POST may name thousands of events.
_MOST_TRACES = 100


@blueprint.route("notifications", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
def notifications(req: func.HttpRequest) -> func.HttpResponse:
    """Answer Graph: the validation token; 202 once all is queued; else the error."""
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
        # 503 makes Graph deliver again, for up to four hours.
        logger().error("notification.rejected", reason=str(error), status=503)
        return _answer(503)
    except Exception as error:  # noqa: BLE001 -- the host's own answer, 500, would not log the place
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
        traces=traces[:_MOST_TRACES],
        more_traces=max(len(traces) - _MOST_TRACES, 0),
    )
    suspicious = {reason.value: count for reason, count in intake.rejected.items() if reason in SUSPICIOUS}
    if suspicious:
        logger().warning("notification.rejected", reason="not from our subscriptions", dropped=suspicious)


def _answer(status: int, text: str = "") -> func.HttpResponse:
    # The token may be any text: a browser must not interpret it as HTML.
    headers = {"X-Content-Type-Options": "nosniff"}
    return func.HttpResponse(text, status_code=status, mimetype="text/plain", headers=headers)
