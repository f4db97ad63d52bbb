"""Turns errors of the Azure SDK into Joinlink's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from shared.errors import QueueUnavailable, StorageUnavailable


@contextmanager
def storage_errors(
    problem: str, error: type[StorageUnavailable | QueueUnavailable] = StorageUnavailable
) -> Iterator[None]:
    """Raise `error` for every error of the Azure SDK; its text is `problem`, followed by the cause."""
    try:
        yield
    except AzureError as cause:
        raise error(f"{problem}: {describe(cause)}") from cause


def describe(error: AzureError) -> str:
    """Return what failed, without the service's own text."""
    kind = type(error).__name__
    if isinstance(error, HttpResponseError) and error.status_code:
        code = getattr(error, "error_code", None)
        name = str(getattr(code, "value", code) or kind)
        return f"the storage service answered {error.status_code} ({name}){_missing_right(error, name)}"
    if isinstance(error, ClientAuthenticationError):  # without an answer: our own credential raised it
        return f"no token and no valid account key for the storage service ({kind})"
    if isinstance(error, ServiceRequestError):
        return f"no connection to the storage service ({kind})"
    if isinstance(error, ServiceResponseError):
        return f"no answer from the storage service ({kind})"
    return kind


def lacks_right(error: BaseException) -> bool:
    """Return whether the error comes from an identity that may not do this in the storage account."""
    cause = error.__cause__
    return isinstance(cause, HttpResponseError) and cause.status_code == HTTPStatus.FORBIDDEN


def _missing_right(error: HttpResponseError, code: str) -> str:
    """Return which right is missing, and who can give it; empty if none is.

    https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes
    """
    if error.status_code != HTTPStatus.FORBIDDEN:
        return ""
    if code == "AuthorizationFailure":
        return ": a firewall of the storage account, or its network, refuses this machine"
    if code == "AuthenticationFailed":
        return ": the key is wrong, or this machine's clock"
    if code != "AuthorizationPermissionMismatch":
        return ""
    host = str(getattr(getattr(error.response, "request", None), "url", ""))
    kind = next(
        (kind for kind in ("Queue", "Table", "Blob") if f".{kind.lower()}." in host), "Blob, Queue and Table"
    )
    return (
        f": this identity lacks the role Storage {kind} Data Contributor, which an Owner or User Access"
        " Administrator of the storage account gives; it takes up to ten minutes to apply"
    )
