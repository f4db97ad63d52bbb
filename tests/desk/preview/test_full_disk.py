"""A preview on a full disk ends with a sentence."""

from datetime import timedelta
from errno import ENOSPC
from types import SimpleNamespace

import pytest

from shared.desk.preview.meeting_file import MeetingFile
from shared.desk.preview.shown_series import ShownSeries
from shared.domain.event import Event
from tests.desk.preview.samples import NOW, mailboxes, seeded


def test_series_that_do_not_fit_on_the_disk_are_an_error_of_the_disk() -> None:
    """SQLite has an error of its own, which no command would explain."""
    event = Event(id="e", etag="w", start=NOW, end=NOW + timedelta(hours=1), subject="x" * 100_000)
    with ShownSeries() as series:
        series._database.execute("PRAGMA max_page_count = 4")
        with pytest.raises(OSError, match="full") as failed:
            series.note("series", event, needs_master=True)

    assert failed.value.filename == "the folder for temporary files"


def test_meetings_that_do_not_fit_on_the_disk_are_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """And they can be closed, so that the error stays visible."""
    [meeting, *_] = next(each for each in mailboxes(seeded(1), 3) if len(each.meetings)).meetings
    kept = MeetingFile()
    kept.close()

    def fail(*_text: bytes) -> int:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(kept, "_file", SimpleNamespace(write=fail, close=fail))
    with pytest.raises(OSError, match="No space") as failed:
        kept.add(meeting)
    kept.close()

    assert failed.value.filename == "the folder for temporary files"
