"""A stand-in for Entra's sign-in with a device code: it refuses, or accepts after some polls."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import requests
from werkzeug import Request, Response

from shared.auth.token_session import TokenSession

_LOGIN = "https://login.microsoftonline.com"


@dataclass
class Entra:
    """Answers MSAL; `pending` is how many polls come before the admin has signed in."""

    pending: int = 1
    refusal: str = ""
    calls: list[str] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Serve one request."""
        request = Request(environ)
        tenant, _, path = request.path.strip("/").partition("/")
        self.calls.append(f"{path} {request.form.get('grant_type', '')}".strip())
        status, document = self._answer(path, tenant, request)
        return Response(json.dumps(document), status, mimetype="application/json")(environ, start_response)

    def _answer(self, path: str, tenant: str, request: Request) -> tuple[int, dict[str, Any]]:
        base = f"{_LOGIN}/{tenant}"
        match path:
            case "v2.0/.well-known/openid-configuration":
                return 200, {
                    "issuer": f"{base}/v2.0",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                    "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                }
            case "discovery/instance":
                return 200, {"metadata": []}
            case "oauth2/v2.0/devicecode":
                if self.refusal:
                    return 400, {"error": "unauthorized_client", "error_description": f"{self.refusal}: no"}
                return 200, {
                    "device_code": "device",
                    "user_code": "ABC123",
                    "message": "To sign in, open https://microsoft.com/devicelogin and enter the code ABC123.",
                    "interval": 0,
                    "expires_in": 900,
                }
        if request.form.get("device_code") and self.pending:
            self.pending -= 1
            return 400, {"error": "authorization_pending"}
        return 200, _tokens(tenant)


def session_for(url: str) -> type[TokenSession]:
    """Return MSAL's session, which goes to the stand-in at `url` in the place of Entra."""

    class StandInSession(TokenSession):
        """Goes to this machine alone."""

        def request(self, *args: Any, **kwargs: Any) -> requests.Response:
            method, address, *others = args
            return super().request(method, address.replace(_LOGIN, url), *others, **kwargs)

    return StandInSession


def _tokens(tenant: str) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "tid": tenant,
        "oid": "ada",
        "sub": "ada",
        "preferred_username": "ada@contoso.com",
        "aud": "desk",
    }
    claims |= {"iss": f"{_LOGIN}/{tenant}/v2.0", "exp": 4_000_000_000, "iat": 1_000_000_000}
    info = {"uid": "ada", "utid": tenant}
    return {
        "token_type": "Bearer",
        "scope": " ".join(
            f"https://graph.microsoft.com/{name}" for name in ("Calendars.Read.Shared", ".default")
        ),
        "expires_in": 3600,
        "access_token": f"e30.{_encoded({'scp': 'Calendars.Read.Shared User.Read.All'})}.x",
        "refresh_token": "refresh-token",
        "id_token": f"e30.{_encoded(claims)}.x",
        "client_info": _encoded(info),
    }


def _encoded(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
