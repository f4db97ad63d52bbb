"""What a preview has read is kept until it ends, for this user alone."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import time

import pytest

from shared.desk.preview.journal import PreviewJournal
from shared.desk.preview.previewed import PreviewedMailbox, PreviewedMeeting
from shared.errors import PreviewRunning
from tests.desk.preview.samples import NOW, mailboxes, seeded

READ = mailboxes(seeded(1), 3)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[PreviewJournal]:
    """A journal with two mailboxes."""
    with PreviewJournal(tmp_path, "all", NOW) as opened:
        for mailbox in READ[:2]:
            opened.add(mailbox)
        yield opened


def kept(journal: PreviewJournal) -> list[PreviewedMailbox]:
    """Return the mailboxes with their meetings."""
    return [replace(each, meetings=tuple(each.meetings)) for each in journal]


def file(folder: Path) -> Path:
    [found] = folder.glob("preview-*.sqlite")
    return found


def test_the_same_command_resumes_within_a_day(journal: PreviewJournal, tmp_path: Path) -> None:
    """At the time at which it began. Another command, and a later one, begin again."""
    journal.__exit__(None, None, None)
    later = NOW + timedelta(hours=23)
    with PreviewJournal(tmp_path, "all", later) as resumed:
        assert (resumed.started, resumed.is_resumed, kept(resumed)) == (NOW, True, READ[:2])
        assert [each.mailbox in resumed for each in READ] == [True, True, False]
    with PreviewJournal(tmp_path, "some", later) as other:
        assert (other.started, other.is_resumed, kept(other)) == (later, False, [])
    with PreviewJournal(tmp_path, "all", NOW + timedelta(days=2)) as next_day:
        assert (next_day.is_resumed, kept(next_day)) == (False, [])


def test_a_second_preview_is_refused_until_the_first_has_ended(
    journal: PreviewJournal, tmp_path: Path
) -> None:
    """They would read everything twice."""
    with pytest.raises(PreviewRunning, match="wait for its end, or stop it"):
        PreviewJournal(tmp_path, "all", NOW)
    assert kept(journal) == READ[:2]


@pytest.mark.skipif(os.name == "nt", reason="Windows protects the folder of a user")
def test_only_its_user_can_read_the_file(journal: PreviewJournal, tmp_path: Path) -> None:
    """Also while it is written."""
    assert journal.is_kept
    assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o600}


def test_the_file_is_gone_at_the_end(journal: PreviewJournal, tmp_path: Path) -> None:
    """It has names of people."""
    journal.delete()
    assert list(tmp_path.iterdir()) == []


def test_old_files_are_deleted_by_the_next_preview(journal: PreviewJournal, tmp_path: Path) -> None:
    """Those that no command resumes."""
    journal.__exit__(None, None, None)
    old = file(tmp_path)
    os.utime(old, (time() - 3 * 86_400,) * 2)
    with PreviewJournal(tmp_path, "other", NOW):
        assert not old.exists()


def test_without_a_writable_folder_it_works_and_can_not_resume(tmp_path: Path) -> None:
    """For example with a read-only home."""
    (tmp_path / "a file").write_text("")
    with PreviewJournal(tmp_path / "a file" / "joinlink", "all", NOW) as journal:
        journal.add(READ[0])
        assert (journal.is_kept, kept(journal)) == (False, READ[:1])
        journal.delete()


def test_a_stop_amid_a_mailbox_leaves_nothing_of_it(journal: PreviewJournal, tmp_path: Path) -> None:
    """Ctrl-C, an error, or a full disk: the mailbox is read again."""

    class Stopping:
        def __iter__(self) -> Iterator[PreviewedMeeting]:
            yield from READ[2].meetings
            raise KeyboardInterrupt

        def __len__(self) -> int:
            return 1000

    with pytest.raises(KeyboardInterrupt):
        journal.add(replace(READ[2], meetings=Stopping()))
    journal._database.execute("PRAGMA max_page_count = 1")
    with pytest.raises(OSError, match="full"):
        journal.add(replace(READ[2], meetings=tuple(READ[2].meetings) * 500))

    assert kept(journal) == READ[:2]
    journal._database.execute("PRAGMA max_page_count = 1000000")
    journal.add(READ[2])
    assert kept(journal) == READ
    journal.delete()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_replaced(journal: PreviewJournal, tmp_path: Path) -> None:
    """A kill of the machine may leave one."""
    journal.__exit__(None, None, None)
    file(tmp_path).write_bytes(b"not a database" * 1000)
    with PreviewJournal(tmp_path, "all", NOW) as again:
        assert (again.is_resumed, kept(again)) == (False, [])
        again.add(READ[0])
    with closing(sqlite3.connect(file(tmp_path))) as database:
        assert database.execute("SELECT count(*) FROM run").fetchone() == (1,)


def test_an_old_file_that_cannot_be_deleted_is_left(tmp_path: Path) -> None:
    """Another preview may delete it at the same time. This one resumes all the same, and is alone."""
    old = tmp_path / "preview-0.sqlite-journal"
    (old / "in use").mkdir(parents=True)
    os.utime(old, (0, 0))

    with PreviewJournal(tmp_path, "all", NOW) as opened:
        assert opened.is_kept
