"""GET /api/health: whether Joinlink works, and what an admin has to do if not."""

import json

import azure.functions as func

from shared import wiring

blueprint = func.Blueprint()


@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """Answer 200 if there is nothing to do, else 503. The body has the facts and what to do."""
    del req
    report = wiring.joinlink().checkup.health()
    return func.HttpResponse(
        json.dumps(report.document(), indent=2),
        status_code=200 if report.is_well else 503,
        mimetype="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
