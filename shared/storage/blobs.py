"""Connects to blob containers."""

from azure.core.credentials import TokenCredential
from azure.storage.blob import ContainerClient, LinearRetry

from shared.settings import StorageSettings
from shared.storage.connection import build_client, client_options, default_timeouts


def container_client(
    name: str, storage: StorageSettings, credential: TokenCredential | None
) -> ContainerClient:
    """Return a client for a container of the app's own storage account. It sends nothing yet."""
    return build_client(ContainerClient, storage.blob_url, name, storage, credential, retry_policy=_retry())


def container_client_at(url: str, credential: TokenCredential | None) -> ContainerClient:
    """Return a client for the container at `url`, in any account. It sends nothing yet."""
    options = client_options(default_timeouts())
    return ContainerClient.from_container_url(url, credential, retry_policy=_retry(), **options)


def _retry() -> LinearRetry:
    return LinearRetry(backoff=1, retry_total=1, random_jitter_range=1)
