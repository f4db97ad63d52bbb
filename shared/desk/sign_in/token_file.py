"""Keeps an admin's tokens in a file that only this user can read, so that one sign-in lasts for days."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import msal

_MAX_BYTES = 1024 * 1024


def cache_folder(environ: Mapping[str, str], home: Path) -> Path:
    """Return the folder of this user for files that can be deleted at any time."""
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "joinlink"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "joinlink"
    return Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "joinlink"


class TokenFile:
    """MSAL's token cache in a file. A file that can't be read or written only means another sign-in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.cache = msal.SerializableTokenCache()
        with suppress(OSError, ValueError):
            if _is_private(path) and path.stat().st_size <= _MAX_BYTES:
                self.cache.deserialize(path.read_text(encoding="utf-8"))

    def save(self) -> None:
        """Write the tokens if they changed."""
        if not self.cache.has_state_changed:
            return
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Another command may read it meanwhile. A temporary file has mode 0600.
            with NamedTemporaryFile("w", dir=self._path.parent, delete=False, encoding="utf-8") as file:
                file.write(self.cache.serialize())
            Path(file.name).replace(self._path)


def _is_private(path: Path) -> bool:
    """Return whether no other user may read the file. On Windows, the user's profile protects it."""
    if sys.platform == "win32":
        return True
    status = path.stat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o077
