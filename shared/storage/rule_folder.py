"""Reads rule files from a folder, without the libraries for Azure: `joinlink test` starts faster."""

import errno
import os
import stat
from pathlib import Path

from shared.rule_files.loader import RuleFile, within_bounds

#: The loader refuses a rule file of more than 256 KiB, so this much of it is enough.
MOST_BYTES = 300_000
#: the end of a rule file's name
SUFFIX = ".yaml"
#: Without O_NONBLOCK, opening a pipe waits for its writer.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def is_rule_file(name: str) -> bool:
    """Return whether a file of this name is a rule file. Names that start with a dot are hidden files."""
    return name.endswith(SUFFIX) and not name.startswith(".")


class RuleFolder:
    """The `*.yaml` files of one folder, in name order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> tuple[RuleFile, ...]:
        """Return the current files; if there are too many, only enough for the loader to refuse them.

        Raises:
            OSError: the folder or a file can't be read, is not a regular file, or links out of the folder.
        """
        name = self._folder.absolute().name
        # A broken link is not a folder: reading it raises an error.
        files = sorted(
            path for path in self._folder.iterdir() if is_rule_file(path.name) and not path.is_dir()
        )
        return within_bounds(
            RuleFile(f"{name}/{path.name}", _read_regular_file(self._folder, path)) for path in files
        )


def _read_regular_file(folder: Path, path: Path) -> bytes:
    """Return the first `MOST_BYTES` of a regular file in the folder, or of a link to one in it.

    Raises:
        OSError: it can't be read, is not a regular file, or links out of the folder.
    """
    try:
        real = os.path.realpath(path, strict=True)
    except OSError as error:  # its file name is the target of the link
        raise OSError(error.errno, error.strerror, str(path)) from error
    if not Path(real).is_relative_to(os.path.realpath(folder)):
        raise OSError(errno.EPERM, "it is a link out of the folder; put the file itself there", str(path))
    with os.fdopen(os.open(real, _FLAGS), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file; remove it from the folder", str(path))
        return file.read(MOST_BYTES)
