import io
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from sandbox.demo.report import report
from sandbox.demo.verdict import Record, judge
from tests.sandbox.demo.record import ADDED, KEY, call, line, meeting

RECORD = Record(
    lines=[line(ADDED, 3)],
    calls=[call(), call(), call("PATCH")],
    posts=[],
    calendars=frozenset(),
    watched=[],
    parked=[],
    links={KEY: "teamsForBusiness"},
    mails=[],
    mails_of_people=Counter(),
    others=[],
    files=[],
    secrets=[],
)


@pytest.mark.parametrize("width", [70, 96, 140])
def test_outcomes_are_readable_at_any_width(width: int) -> None:
    """Columns go where there is no room; what was expected and what came of it stays whole."""
    said = _report(width, link="teamsForBusiness").splitlines()

    assert max(map(len, said)) <= width
    assert sum(line.count("enabled · link_added") for line in said) == 2


def test_the_last_line_says_it_all() -> None:
    """Good or bad, with the number of meetings."""
    good, bad = _report(140, link="teamsForBusiness"), _report(140, link=None)

    assert good.splitlines()[-1] == "✓ All 1 meetings ended as they should, in 21 seconds."
    assert bad.splitlines()[-1] == "✗ Not as it should be: 1 complaint; 1 of 1 meetings ended otherwise."


def test_plain_output_has_no_colours() -> None:
    """A log of a build is no terminal."""
    assert "\x1b" not in _report(140, link=None)


def _report(width: int, link: str | None) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    verdict = judge([meeting(ADDED, link=link)], RECORD)
    report(console, verdict, files=[Path("log")], took_seconds=21)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
