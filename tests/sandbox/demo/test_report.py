import io
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from sandbox.demo.report import report
from sandbox.demo.verdict import DayRecord, judge
from tests.sandbox.demo.records import ADDED, KEY, call, line, maintained, played

RECORD = DayRecord(
    lines=[maintained(unusable=3), line(ADDED, 3)],
    calls=[call(), call(), call("PATCH")],
    posts=[],
    calendars=frozenset(),
    with_two_calendars=frozenset(),
    watched=[],
    links={KEY: "teamsForBusiness"},
    mails=[],
    mails_by_people=Counter(),
    others=[],
    files=[],
    secrets=[],
)


@pytest.mark.parametrize("width", [70, 96, 120, 140])
def test_outcomes_are_readable_at_any_width(width: int) -> None:
    """Columns are left out to fit; the expected and the actual outcome are always complete."""
    lines = _report(width, link="teamsForBusiness").splitlines()

    assert max(map(len, lines)) <= width
    assert sum(line.count("enabled · link_added") for line in lines) == 2


def test_the_last_line_is_the_overall_result() -> None:
    """Success or not, with the number of meetings."""
    good, bad = _report(140, link="teamsForBusiness"), _report(140, link=None)

    assert good.splitlines()[-1] == "✓ All 1 meetings ended as expected, in 21 seconds."
    assert bad.splitlines()[-1] == "✗ 1 problem; 0 of 1 meetings ended as expected."


def test_plain_output_has_no_colours() -> None:
    """A build log is not a terminal."""
    assert "\x1b" not in _report(140, link=None)


def _report(width: int, link: str | None) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    verdict = judge([played(ADDED, link=link)], RECORD)
    report(console, verdict, files=[Path("log")], took_seconds=21)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
