"""What processes tell each other of rule files by two blobs: the last good ones, and which were seen last."""

import json
from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from shared.errors import StorageUnavailable
from shared.rule_files.loader import RuleFile
from shared.storage.blobs import available

KEPT_CONTAINER = "joinlink"
_KEPT = f"blob container {KEPT_CONTAINER}"
_KEPT_BLOB = "last-good-rules.json"
_SEEN_BLOB = "seen-rules.json"
#: what was seen longer ago may have been gone in between; the timer looks every quarter of an hour
_SIGHTING_HOLDS = timedelta(hours=1)


class KeptRules:
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

    def seen_since(self, rules: str, now: datetime) -> datetime:
        """Return since when no process has seen others than these, by their hash: from now on, if one has.

        Raises:
            StorageUnavailable: the blob can't be read or written.
        """
        since = self._last_seen(rules)
        if since and timedelta(0) <= now - since <= _SIGHTING_HOLDS:
            return since
        self._write(_SEEN_BLOB, json.dumps({"rules": rules, "since": now.isoformat()}).encode())
        return now

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _last_seen(self, rules: str) -> datetime | None:
        try:
            seen = json.loads(self._read(_SEEN_BLOB) or b"{}")
            return datetime.fromisoformat(seen["since"]).astimezone(UTC) if seen["rules"] == rules else None
        except (ValueError, KeyError, TypeError):
            return None

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
