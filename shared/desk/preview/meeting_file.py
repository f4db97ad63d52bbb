"""Keeps the meetings of one mailbox in a temporary file, so that memory does not grow with their number."""

from collections.abc import Iterator
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from shared.desk.preview.encoding import decode_meeting, encode_meeting
from shared.desk.preview.previewed import PreviewedMeeting
from shared.desk.preview.shown_series import TEMPORARY

#: a mailbox with fewer bytes needs no file
_IN_MEMORY = 1 << 17


class MeetingFile:
    """The previewed meetings of a mailbox, in their order. On disk it has no name and mode 0600."""

    def __init__(self) -> None:
        file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 -- `close` closes it
        self._file = cast("IO[bytes]", file)
        self._count = 0

    def add(self, meeting: PreviewedMeeting) -> None:
        """Add a meeting. Raises OSError if the disk is full."""
        try:
            self._file.write(encode_meeting(meeting).encode() + b"\n")
        except OSError as error:
            raise OSError(error.errno, error.strerror, TEMPORARY) from error
        self._count += 1

    def close(self) -> None:
        """Delete the file."""
        with suppress(OSError):  # its buffer, on a full disk
            self._file.close()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[PreviewedMeeting]:
        self._file.seek(0)
        for text in self._file:
            yield decode_meeting(text.decode())
