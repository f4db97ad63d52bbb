"""GET /api/health: is all well, and if not, what must a person do?"""

import json

import azure.functions as func

from shared import wiring

blueprint = func.Blueprint()


@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """Answer 200 where nobody needs to do anything, else 503; the body tells why, and the facts."""
    del req
    found = wiring.joinlink().checkup.health()
    return func.HttpResponse(
        json.dumps(found.document(), indent=2),
        status_code=200 if found.is_well else 503,
        mimetype="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
