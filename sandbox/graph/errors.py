"""Errors in Graph's format (https://learn.microsoft.com/graph/errors)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class Refusal(Exception):
    """Graph refuses a call: an HTTP status with Graph's own error code.

    `headers` are extra headers of the answer, such as `Retry-After`.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        super().__init__(f"{status} {code}: {message}")

    def body(self, *, now: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "innerError": {
                    "date": f"{now:%Y-%m-%dT%H:%M:%S}",
                    "request-id": request_id,
                    "client-request-id": client_request_id,
                },
            }
        }


def item_not_found() -> Refusal:
    """Return the refusal for an event or calendar that does not exist."""
    return Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def malformed_id() -> Refusal:
    """Return the refusal for an id that is not in Exchange's format."""
    return Refusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def bad_body(message: str) -> Refusal:
    """Return the refusal for a request body that doesn't fit the type."""
    return Refusal(400, "RequestBodyRead", message)


def bad_query(message: str) -> Refusal:
    """Return the refusal for query options that Graph can't parse."""
    return Refusal(400, "RequestBroker--ParseUri", message)
