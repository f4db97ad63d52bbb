"""Where rule files come from, a folder or a blob container."""

from pathlib import Path

from azure.core.credentials import TokenCredential
from azure.storage.blob import BlobProperties, ContainerClient

from shared.errors import SettingsError
from shared.rules.loader import RuleFile
from shared.settings import StorageSettings
from shared.storage.blobs import available, container_at, container_of

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
            return cls(container_at(url, credential))
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
        with available(self._client.container_name):
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
