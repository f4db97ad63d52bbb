"""Signs an admin in to Graph with a device code: delegated rights, for the calendars that they may open.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
"""

import re
from collections.abc import Callable
from datetime import datetime
from json import JSONDecodeError
from pathlib import Path
from typing import Any

import msal
import requests

from shared.auth.token_session import TokenSession
from shared.auth.token_source import TokenSource
from shared.desk.sign_in.token_file import TokenFile
from shared.errors import SignInFailed
from shared.settings import GraphSettings

_AADSTS = re.compile(r"AADSTS\d{1,9}")


def device_code_tokens(
    settings: GraphSettings,
    client_id: str,
    *,
    folder: Path,
    show: Callable[[str], None],
    now: Callable[[], datetime],
) -> TokenSource:
    """Return the source of an admin's tokens. Wait until they have signed in, unless they did so before.

    Args:
        settings: the tenant and the cloud.
        client_id: the desk's own app registration, a public client.
        folder: where the tokens are kept.
        show: shows the admin where to sign in and with which code.
        now: this machine's time.

    Raises:
        SignInFailed: the admin did not sign in, or Entra refuses.
    """
    file = TokenFile(folder / f"desk-tokens-{client_id.lower()}.json")
    scope = f"{settings.cloud.graph}/.default"
    try:
        app = msal.PublicClientApplication(
            client_id,
            authority=f"{settings.cloud.login}/{settings.tenant_id}",
            token_cache=file.cache,
            http_client=TokenSession(),
        )
        client = _DeviceCodeClient(app, file)
        if "access_token" not in client.acquire_token_for_client(scopes=[scope]):
            _sign_in(app, scope, show)
            file.save()
    except (requests.RequestException, JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise SignInFailed(
            f"the sign-in service can't be reached ({type(error).__name__}): check the network, and try again"
        ) from error
    except ValueError as error:  # MSAL raises it for an unknown tenant
        raise SignInFailed("Entra does not know this tenant: check JOINLINK_TENANT_ID") from error
    return TokenSource(lambda: client, uses_scopes=True, now=now)


def _sign_in(app: Any, scope: str, show: Callable[[str], None]) -> None:
    flow = app.initiate_device_flow(scopes=[scope])
    if "user_code" not in flow:
        raise _refused(flow)
    show(str(flow["message"]))
    answer = app.acquire_token_by_device_flow(flow)  # ends with the code, after 15 minutes
    if "access_token" not in answer:
        raise _refused(answer)


def _refused(answer: dict[str, Any]) -> SignInFailed:
    code = str(answer.get("error", ""))[:80]
    aadsts = " ".join(_AADSTS.findall(str(answer.get("error_description", ""))[:2000])[:1])
    if code in {"expired_token", "authorization_declined"}:
        return SignInFailed("the sign-in was declined or took too long: run the command again")
    return SignInFailed(
        f"Entra refuses the sign-in ({' '.join(filter(None, (code, aadsts)))}): check that"
        " JOINLINK_DESK_CLIENT_ID is an app registration of this tenant that allows public client flows,"
        " and that an admin has consented to its permissions"
    )


class _DeviceCodeClient:
    """Answers a `TokenSource` as MSAL does, with what the admin's sign-in gave."""

    def __init__(self, app: Any, file: TokenFile) -> None:
        self._app = app
        self._file = file

    def acquire_token_for_client(self, **kwargs: Any) -> dict[str, Any]:
        """Return a token for the `scopes` from the cache, or a new one without asking the admin."""
        for account in self._app.get_accounts():
            answer = self._app.acquire_token_silent_with_error(kwargs["scopes"], account=account)
            self._file.save()
            if answer:
                return dict(answer)
        return {"error": "interaction_required"}
