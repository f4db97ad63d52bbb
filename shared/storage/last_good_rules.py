"""Stores in two blobs what processes share about rule files: the last good files, and the files last seen."""

import json
from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from shared.errors import StorageUnavailable
from shared.rule_files.loader import RuleFile
from shared.storage.errors import storage_errors

LAST_GOOD_CONTAINER = "joinlink"
_CONTAINER_PROBLEM = f"blob container {LAST_GOOD_CONTAINER} is not available"
_LAST_GOOD_BLOB = "last-good-rules.json"
_SEEN_BLOB = "seen-rules.json"
#: After a longer gap the files may have changed in between; the timer reads them every quarter of an hour.
_LONGEST_GAP = timedelta(hours=1)


class LastGoodRules:
    """Reads the rule files that were last in force, and never changes them.

    A process that starts with broken rule files uses these.
    """

    def __init__(self, client: ContainerClient) -> None:
        self._client = client

    def read(self) -> tuple[RuleFile, ...]:
        """Return the files that were stored last; none if there are none.

        Raises:
            StorageUnavailable: the blob can't be read.
        """
        stored = self._read(_LAST_GOOD_BLOB)
        if stored is None:
            return ()
        try:
            return tuple(
                RuleFile(file["name"], b64decode(file["content"])) for file in json.loads(stored)["files"]
            )
        except (ValueError, KeyError, TypeError) as error:
            where = f"{_LAST_GOOD_BLOB} in container {LAST_GOOD_CONTAINER}"
            raise StorageUnavailable(f"{where} is damaged") from error

    def kept_at(self) -> datetime | None:
        """Return when the files were stored: they are in force since then. None if there are none.

        Raises:
            StorageUnavailable: the container does not answer.
        """
        with storage_errors(_CONTAINER_PROBLEM), suppress(ResourceNotFoundError):
            return self._client.get_blob_client(_LAST_GOOD_BLOB).get_blob_properties().last_modified
        return None

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _read(self, blob: str) -> bytes | None:
        with storage_errors(_CONTAINER_PROBLEM), suppress(ResourceNotFoundError):
            return self._client.download_blob(blob).readall()
        return None


class LastGoodRulesStore(LastGoodRules):
    """Reads and replaces the last good rule files; only the app's own processes have one."""

    def keep(self, files: tuple[RuleFile, ...]) -> None:
        """Store these files, unless they are stored already.

        Raises:
            StorageUnavailable: the blob can't be read or written.
        """
        names_and_contents = [
            {"name": file.name, "content": b64encode(file.content).decode()} for file in files
        ]
        content = json.dumps({"files": names_and_contents}).encode()
        if content != self._read(_LAST_GOOD_BLOB):
            self._write(_LAST_GOOD_BLOB, content)

    def seen_since(self, rules: str, now: datetime) -> datetime:
        """Return since when all processes have seen only these files, given by their hash.

        If a process has seen others since, or none was recorded lately, that is `now`.

        Raises:
            StorageUnavailable: the blob can't be read or written.
        """
        since = self._last_seen(rules)
        if since and timedelta(0) <= now - since <= _LONGEST_GAP:
            return since
        self._write(_SEEN_BLOB, json.dumps({"rules": rules, "since": now.isoformat()}).encode())
        return now

    def _last_seen(self, rules: str) -> datetime | None:
        try:
            seen = json.loads(self._read(_SEEN_BLOB) or b"{}")
            return datetime.fromisoformat(seen["since"]).astimezone(UTC) if seen["rules"] == rules else None
        except (ValueError, KeyError, TypeError):
            return None

    def _write(self, blob: str, content: bytes) -> None:
        with storage_errors(_CONTAINER_PROBLEM):
            with suppress(ResourceExistsError):
                self._client.create_container()
            self._client.upload_blob(blob, content, overwrite=True)
