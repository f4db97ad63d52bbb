"""Blob containers, as they are reached, and what is said where they are not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypedDict

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import ContainerClient, LinearRetry

from shared.errors import StorageUnavailable
from shared.settings import StorageSettings
from shared.storage.connection import transport


def container_of(
    storage: StorageSettings, credential: TokenCredential | None, container: str
) -> ContainerClient:
    """Return a client for a container of the app's own storage account; nothing is sent yet."""
    if storage.connection_string:
        return ContainerClient.from_connection_string(storage.connection_string, container, **_options())
    return ContainerClient(storage.blob_url, container, credential, **_options())


def container_at(url: str, credential: TokenCredential | None) -> ContainerClient:
    """Return a client for the container at an address; nothing is sent yet."""
    return ContainerClient.from_container_url(url, credential, **_options())


@contextmanager
def available(what: str) -> Iterator[None]:
    """Turn the SDK's errors into `StorageUnavailable`, which names what was asked for."""
    try:
        yield
    except AzureError as error:
        raise StorageUnavailable(f"{what} did not answer as it should: {type(error).__name__}") from error


class _Options(TypedDict):
    """What the SDK's client takes beside its address."""

    transport: RequestsTransport
    retry_policy: LinearRetry


def _options() -> _Options:
    retries = LinearRetry(backoff=1, retry_total=1, random_jitter_range=1)
    return _Options(transport=transport(), retry_policy=retries)
