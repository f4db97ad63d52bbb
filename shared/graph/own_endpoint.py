"""Posts a validation handshake to our own notification URL, as Graph does."""

from contextlib import suppress

import httpx

from shared.graph.connection_pool import TIMEOUT


def wake_endpoint(url: str, transport: httpx.BaseTransport | None = None) -> None:
    """Start a sleeping function app before Graph validates the URL; failures are left for Graph to report."""
    with suppress(httpx.HTTPError):
        _handshake(url, "Joinlink wakes itself up", transport)


def endpoint_problem(url: str, token: str, transport: httpx.BaseTransport | None = None) -> str:
    """Return what is wrong with the answer to a handshake with `token`, empty where it is right."""
    try:
        answer = _handshake(url, token, transport)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"it can't be reached ({type(error).__name__})"
    if answer.status_code != httpx.codes.OK:
        return f"it answers {answer.status_code}"
    return "" if answer.text == token else "it answers 200, but not with the validation token"


def _handshake(url: str, token: str, transport: httpx.BaseTransport | None) -> httpx.Response:
    with httpx.Client(timeout=TIMEOUT, transport=transport) as client:
        return client.post(httpx.URL(url).copy_merge_params({"validationToken": token}))
