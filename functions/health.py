"""GET /api/health: whether everything works, and what an admin must do if not."""

import json

import azure.functions as func

from shared import wiring

blueprint = func.Blueprint()


@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """Answer 200 if there is nothing to fix, else 503; the body has the reasons and the facts."""
    del req
    found = wiring.joinlink().checkup.health()
    return func.HttpResponse(
        json.dumps(found.document(), indent=2),
        status_code=200 if found.is_well else 503,
        mimetype="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
