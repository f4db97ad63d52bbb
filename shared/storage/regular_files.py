"""Files of a folder, and no more than that: devices, pipes and links out of the folder are refused."""

import errno
import os
import stat
from pathlib import Path

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def read_within(folder: Path, path: Path, most: int) -> bytes:
    """Return the first `most` bytes of a regular file of the folder, or of a link to one in it.

    Raises:
        OSError: it can't be read, is something else, or is a link that leads out of the folder.
    """
    try:
        real = os.path.realpath(path, strict=True)
    except OSError as error:  # it names what the link leads to
        raise OSError(error.errno, error.strerror, str(path)) from error
    if not Path(real).is_relative_to(os.path.realpath(folder)):
        raise OSError(errno.EPERM, "it is a link out of the folder; put the file itself there", str(path))
    # A pipe without a writer would be waited for, so it is opened without waiting.
    with os.fdopen(os.open(real, _FLAGS), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file; remove it from the folder", str(path))
        return file.read(most)
