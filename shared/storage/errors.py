"""Turns errors of the Azure SDK into Joinlink's own."""

from collections.abc import Iterator
from contextlib import contextmanager

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
        return f"the storage service answered {error.status_code} ({name})"
    if isinstance(error, ClientAuthenticationError):  # without an answer: our own credential raised it
        return f"no token for the storage service ({kind})"
    if isinstance(error, ServiceRequestError):
        return f"no connection to the storage service ({kind})"
    if isinstance(error, ServiceResponseError):
        return f"no answer from the storage service ({kind})"
    return kind
