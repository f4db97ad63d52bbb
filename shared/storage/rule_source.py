"""Where rule files come from, a folder or a blob container, and where the last good ones are kept."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobProperties, ContainerClient, LinearRetry

from shared.errors import SettingsError, StorageUnavailable
from shared.rules.loader import RuleFile
from shared.settings import StorageSettings
from shared.storage.connection import transport

KEPT_CONTAINER = "joinlink"
_KEPT_BLOB = "last-good-rules.json"
#: the loader refuses a rule file of more than 256 KiB; what is larger need not be fetched whole to be refused
_MOST_BYTES = 300_000
#: how the name of a rule file ends
SUFFIX = ".yaml"


class RuleFolder:
    """The `*.yaml` files of one folder, in name order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> tuple[RuleFile, ...]:
        """Return the files as they are now.

        Raises:
            OSError: the folder or a file can't be read.
        """
        name = self._folder.absolute().name
        files = sorted(path for path in self._folder.iterdir() if path.suffix == SUFFIX)
        return tuple(RuleFile(f"{name}/{path.name}", path.read_bytes()) for path in files)


class RuleContainer:
    """The `*.yaml` blobs at the top of a container; one is fetched again only where its ETag has changed."""

    def __init__(self, client: ContainerClient) -> None:
        self._client = client
        self._fetched: dict[str, tuple[str, RuleFile]] = {}

    @classmethod
    def connect(
        cls, url: str, storage: StorageSettings, credential: TokenCredential | None
    ) -> "RuleContainer":
        """Connect to the container at `url`.

        Raises:
            SettingsError: it lies in another account than the one that the connection string opens.
        """
        if not storage.connection_string:
            return cls(ContainerClient.from_container_url(url, credential, **_options()))
        client = container_of(storage, None, url.rsplit("/", 1)[-1])
        if client.url != url:
            elsewhere = "JOINLINK_RULES lies in another storage account than AzureWebJobsStorage opens"
            raise SettingsError([f"{elsewhere}: use that account, or a managed identity"])
        return cls(client)

    def read(self) -> tuple[RuleFile, ...]:
        """Return the files as they are now.

        Raises:
            StorageUnavailable: the container can't be read.
        """
        with _available(self._client.container_name):
            blobs = [blob for blob in self._client.list_blobs() if _is_rule_file(blob.name)]
            self._fetched = {blob.name: self._fetch(blob) for blob in blobs}
        return tuple(file for _etag, file in self._fetched.values())

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _fetch(self, blob: BlobProperties) -> tuple[str, RuleFile]:
        known = self._fetched.get(blob.name)
        if known and known[0] == blob.etag:
            return known
        # A range of an empty blob is an error to the service.
        most = min(blob.size, _MOST_BYTES) or None
        content = self._client.download_blob(blob.name, offset=0 if most else None, length=most).readall()
        return str(blob.etag), RuleFile(f"{self._client.container_name}/{blob.name}", content)


def _is_rule_file(blob: str) -> bool:
    """Whether it lies at the top, as in a folder: `examples/…`, brought along by an upload, is no rule."""
    return blob.endswith(SUFFIX) and "/" not in blob


class LastGoodRules:
    """The rule files that were last in force, kept in a blob: a restart under broken ones finds them."""

    def __init__(self, client: ContainerClient) -> None:
        self._client = client

    def read(self) -> tuple[RuleFile, ...]:
        """Return the files that were kept last; none if there are none.

        Raises:
            StorageUnavailable: the blob can't be read.
        """
        with _available(KEPT_CONTAINER):
            try:
                kept = json.loads(self._client.download_blob(_KEPT_BLOB).readall())
                return tuple(RuleFile(file["name"], b64decode(file["content"])) for file in kept["files"])
            except ResourceNotFoundError:
                return ()
            except (ValueError, KeyError, TypeError) as error:
                raise StorageUnavailable(f"{_KEPT_BLOB} in container {KEPT_CONTAINER} is damaged") from error

    def kept_at(self) -> datetime | None:
        """Return when the files were kept: since then they are in force; None if there are none.

        Raises:
            StorageUnavailable: the container does not tell.
        """
        with _available(KEPT_CONTAINER):
            try:
                return self._client.get_blob_client(_KEPT_BLOB).get_blob_properties().last_modified
            except ResourceNotFoundError:
                return None

    def keep(self, files: tuple[RuleFile, ...]) -> None:
        """Keep these files instead.

        Raises:
            StorageUnavailable: the blob can't be written.
        """
        kept = [{"name": file.name, "content": b64encode(file.content).decode()} for file in files]
        with _available(KEPT_CONTAINER):
            with suppress(ResourceExistsError):
                self._client.create_container()
            self._client.upload_blob(_KEPT_BLOB, json.dumps({"files": kept}), overwrite=True)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def container_of(
    storage: StorageSettings, credential: TokenCredential | None, container: str
) -> ContainerClient:
    """Return a client for a container of the app's own storage account; nothing is sent yet."""
    if storage.connection_string:
        return ContainerClient.from_connection_string(storage.connection_string, container, **_options())
    return ContainerClient(storage.blob_url, container, credential, **_options())


class _Options(TypedDict):
    """What the SDK's client takes beside its address."""

    transport: RequestsTransport
    retry_policy: LinearRetry


def _options() -> _Options:
    retries = LinearRetry(backoff=1, retry_total=1, random_jitter_range=1)
    return _Options(transport=transport(), retry_policy=retries)


@contextmanager
def _available(container: str) -> Iterator[None]:
    try:
        yield
    except AzureError as error:
        raise StorageUnavailable(
            f"blob container {container} did not answer as it should: {type(error).__name__}"
        ) from error
