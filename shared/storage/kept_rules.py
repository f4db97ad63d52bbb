"""The last good rule files, kept in a blob beyond the life of a process."""

import json
from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import datetime

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from shared.errors import StorageUnavailable
from shared.rules.loader import RuleFile
from shared.storage.blobs import available

KEPT_CONTAINER = "joinlink"
_KEPT = f"blob container {KEPT_CONTAINER}"
_KEPT_BLOB = "last-good-rules.json"


class LastGoodRules:
    """The rule files that were last in force, kept in a blob: a restart under broken ones finds them."""

    def __init__(self, client: ContainerClient) -> None:
        self._client = client

    def read(self) -> tuple[RuleFile, ...]:
        """Return the files that were kept last; none if there are none.

        Raises:
            StorageUnavailable: the blob can't be read.
        """
        kept = self._read(_KEPT_BLOB)
        if kept is None:
            return ()
        try:
            return tuple(
                RuleFile(file["name"], b64decode(file["content"])) for file in json.loads(kept)["files"]
            )
        except (ValueError, KeyError, TypeError) as error:
            raise StorageUnavailable(f"{_KEPT_BLOB} in container {KEPT_CONTAINER} is damaged") from error

    def kept_at(self) -> datetime | None:
        """Return when the files were kept: since then they are in force; None if there are none.

        Raises:
            StorageUnavailable: the container does not tell.
        """
        with available(_KEPT):
            try:
                return self._client.get_blob_client(_KEPT_BLOB).get_blob_properties().last_modified
            except ResourceNotFoundError:
                return None

    def keep(self, files: tuple[RuleFile, ...]) -> None:
        """Keep these files instead, if they are others.

        Raises:
            StorageUnavailable: the blob can't be read or written.
        """
        names_and_contents = [
            {"name": file.name, "content": b64encode(file.content).decode()} for file in files
        ]
        kept = json.dumps({"files": names_and_contents}).encode()
        if kept != self._read(_KEPT_BLOB):
            self._write(_KEPT_BLOB, kept)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _read(self, blob: str) -> bytes | None:
        with available(_KEPT):
            try:
                return self._client.download_blob(blob).readall()
            except ResourceNotFoundError:
                return None

    def _write(self, blob: str, content: bytes) -> None:
        with available(_KEPT):
            with suppress(ResourceExistsError):
                self._client.create_container()
            self._client.upload_blob(blob, content, overwrite=True)
