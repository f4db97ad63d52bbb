"""A report is there whole or not at all."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.report_file import ReportFile

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a disk that is always full")
def test_a_stop_on_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """The report has subjects and names of people: no part of it stays under another name."""

    def pieces() -> Iterator[str]:
        full = os.open(FULL, os.O_WRONLY)
        os.dup2(full, report.file.fileno())
        os.close(full)
        yield "x"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), ReportFile(tmp_path / "report.html") as report:
        report.write(pieces())

    assert list(tmp_path.iterdir()) == []
