"""Reads rule files from a blob container."""

from collections.abc import Iterator

from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.storage.blob import BlobPrefix, BlobProperties, ContainerClient

from shared.errors import SettingProblem, SettingsError, StorageUnavailable
from shared.rule_files.loader import RuleFile, within_bounds
from shared.settings import StorageSettings
from shared.storage.blobs import container_client, container_client_at
from shared.storage.errors import storage_errors
from shared.storage.rule_folder import MOST_BYTES, is_rule_file

#: blobs that are listed, rule files or not; a container for rules has a few
_MOST_LISTED = 10_000
#: the metadata with which Hadoop's tools and Data Lake accounts mark a blob that is a folder
_FOLDER = "hdi_isfolder"


class RuleContainer:
    """The `*.yaml` blobs at the top level of a container; unchanged blobs are not downloaded again."""

    def __init__(self, client: ContainerClient) -> None:
        self._client = client
        #: ETag and file by blob name
        self._downloaded: dict[str, tuple[str, RuleFile]] = {}

    @classmethod
    def connect(
        cls, url: str, storage: StorageSettings, credential: TokenCredential | None
    ) -> "RuleContainer":
        """Return the container at `url`. It sends nothing yet.

        Raises:
            SettingsError: the container is in another account than the connection string's.
        """
        if not storage.connection_string:
            return cls(container_client_at(url, credential))
        client = container_client(url.rsplit("/", 1)[-1], storage, None)
        if client.url != url:
            elsewhere = "is in another storage account than AzureWebJobsStorage"
            problem = f"{elsewhere}: use that account, or a managed identity"
            raise SettingsError([SettingProblem("JOINLINK_RULES", problem)])
        return cls(client)

    def read(self) -> tuple[RuleFile, ...]:
        """Return the current files; if there are too many, only enough for the loader to refuse them.

        Raises:
            StorageUnavailable: the container can't be read, is being changed, or has too many blobs.
        """
        downloaded: dict[str, tuple[str, RuleFile]] = {}

        def files() -> Iterator[RuleFile]:
            for blob in self._rule_blobs():
                downloaded[blob.name] = self._download(blob)
                yield downloaded[blob.name][1]

        with storage_errors(f"blob container {self._client.container_name} is not available"):
            found = within_bounds(files())
        self._downloaded = downloaded
        return found

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _rule_blobs(self) -> Iterator[BlobProperties]:
        """Yield the rule files at the top level, as in a folder; an uploaded `examples/…` does not count."""
        for number, blob in enumerate(self._client.walk_blobs(include=["metadata"], delimiter="/")):
            if number == _MOST_LISTED:
                problem = f"has more than {_MOST_LISTED:,} blobs; use a container with rule files only"
                raise StorageUnavailable(f"blob container {self._client.container_name} {problem}")
            if isinstance(blob, BlobPrefix) or _FOLDER in (blob.metadata or ()):
                continue
            if is_rule_file(blob.name):
                yield blob

    def _download(self, blob: BlobProperties) -> tuple[str, RuleFile]:
        known = self._downloaded.get(blob.name)
        if known and known[0] == blob.etag:
            return known
        name = f"{self._client.container_name}/{blob.name}"
        etag = blob.etag.strip('"')  # lists show it without quotes
        # The service refuses a range of an empty blob.
        most = min(blob.size, MOST_BYTES) or None
        with storage_errors(f"blob {name} can't be read"):
            # Only this version: the start of a blob that has grown since may be valid YAML, too.
            content = self._client.download_blob(
                blob.name,
                offset=0 if most else None,
                length=most,
                etag=f'"{etag}"',
                match_condition=MatchConditions.IfNotModified,
            ).readall()
        return str(blob.etag), RuleFile(name, content)
