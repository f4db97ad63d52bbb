"""Where rule files come from, a folder or a blob container."""

from collections.abc import Iterator
from pathlib import Path

from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.storage.blob import BlobPrefix, BlobProperties, ContainerClient

from shared.errors import SettingsError, StorageUnavailable
from shared.rule_files.loader import RuleFile, within_bounds
from shared.settings import StorageSettings
from shared.storage.blobs import available, container_at, container_of
from shared.storage.regular_files import read_within

#: the loader refuses a rule file of more than 256 KiB; what is larger need not be fetched whole to be refused
MOST_BYTES = 300_000
#: blobs that are listed, rule files or not; a container for rules holds a few
_MOST_LISTED = 10_000
#: how the name of a rule file ends
SUFFIX = ".yaml"
#: how Hadoop's tools, and Data Lake accounts, mark a blob that stands for a folder
_FOLDER = "hdi_isfolder"


def is_rule_file(name: str) -> bool:
    """Return whether a file of this name is read; what begins with a dot is hidden, as in a shell."""
    return name.endswith(SUFFIX) and not name.startswith(".")


class RuleFolder:
    """The `*.yaml` files of one folder, in name order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> tuple[RuleFile, ...]:
        """Return the files as they are now; of too many, as much as the loader needs to refuse them.

        Raises:
            OSError: the folder or a file can't be read, is no regular file, or is a link out of the folder.
        """
        name = self._folder.absolute().name
        # A link that leads nowhere is no folder: it is read, and is an error.
        files = sorted(
            path for path in self._folder.iterdir() if is_rule_file(path.name) and not path.is_dir()
        )
        return within_bounds(
            RuleFile(f"{name}/{path.name}", read_within(self._folder, path, MOST_BYTES)) for path in files
        )


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
            elsewhere = "JOINLINK_RULES is in another storage account than AzureWebJobsStorage"
            raise SettingsError([f"{elsewhere}: use that account, or a managed identity"])
        return cls(client)

    def read(self) -> tuple[RuleFile, ...]:
        """Return the files as they are now; of too many, as much as the loader needs to refuse them.

        Raises:
            StorageUnavailable: the container can't be read, is being changed, or holds too many blobs.
        """
        fetched: dict[str, tuple[str, RuleFile]] = {}

        def files() -> Iterator[RuleFile]:
            for blob in self._list():
                fetched[blob.name] = self._fetch(blob)
                yield fetched[blob.name][1]

        with available(f"blob container {self._client.container_name}"):
            found = within_bounds(files())
        self._fetched = fetched
        return found

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _list(self) -> Iterator[BlobProperties]:
        """List what lies at the top, as in a folder: `examples/…`, brought along by an upload, is no rule."""
        for number, blob in enumerate(self._client.walk_blobs(include=["metadata"], delimiter="/")):
            if number == _MOST_LISTED:
                many = f"holds more than {_MOST_LISTED:,} blobs; keep rule files in a container of their own"
                raise StorageUnavailable(f"blob container {self._client.container_name} {many}")
            if isinstance(blob, BlobPrefix) or _FOLDER in (blob.metadata or ()):
                continue
            if is_rule_file(blob.name):
                yield blob

    def _fetch(self, blob: BlobProperties) -> tuple[str, RuleFile]:
        known = self._fetched.get(blob.name)
        if known and known[0] == blob.etag:
            return known
        name = f"{self._client.container_name}/{blob.name}"
        etag = blob.etag.strip('"')  # lists show it without its quotes
        # A range of an empty blob is an error to the service.
        most = min(blob.size, MOST_BYTES) or None
        with available(f"blob {name}"):
            # As it was listed or not at all: the beginning of one that has grown since may be valid, too.
            content = self._client.download_blob(
                blob.name,
                offset=0 if most else None,
                length=most,
                etag=f'"{etag}"',
                match_condition=MatchConditions.IfNotModified,
            ).readall()
        return str(blob.etag), RuleFile(name, content)
