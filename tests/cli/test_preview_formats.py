"""A preview as text, CSV, JSON and Markdown."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest

from cli.formats.preview import as_csv, as_json, markdown, text, words
from shared.desk.preview.report import PreviewReport
from shared.desk.preview.rule_set import RuleSet
from tests.cli.preview_reports import doubled, report
from tests.cli.test_preview_page import hostile_report
from tests.desk.preview.samples import RULES, SET, mailboxes, policy, seeded
from tests.hostile import HOSTILE, obeyed

EVERY = [pytest.param(each, id=repr(each)[1:-1][:24]) for each in HOSTILE]


@pytest.fixture
def two_sets() -> PreviewReport:
    """A report about two rule sets."""
    changed = RuleSet("rules/changed", policy(RULES.replace("mode: report", "mode: enforce")))
    return report(doubled(mailboxes(seeded(6), 8)), (SET, changed))


@pytest.mark.parametrize("hostile", EVERY)
def test_foreign_text_controls_no_terminal_and_no_pipeline(
    hostile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names of organizers, subjects, ids, errors and paths, in every format."""
    shown = hostile_report(hostile)
    text.show(shown)
    printed = [
        capsys.readouterr().out,
        *("".join(each.pieces(shown)) for each in (as_csv, as_json, markdown)),
    ]

    assert [line for each in printed for line in obeyed(each)] == []


def test_markdown_has_totals_and_nothing_about_any_mailbox_or_meeting(two_sets: PreviewReport) -> None:
    """No mailbox, no organizer, no id, no time and no text of a meeting: a repository has many readers."""
    shown = "".join(markdown.pieces(two_sets))
    listed = [each.meeting for each in two_sets.meetings()]

    assert listed
    assert "@" not in shown
    assert not re.search(r"\d{4}-\d\d|\d:\d\d", shown)
    assert [x for each in listed for x in (each.organizer, each.id) if x in shown] == []
    assert "| `others` | report |" in shown
    assert "| rule | mode | links as it stands | links if promoted |" in shown


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_takes_no_cell_as_a_formula(cell: str) -> None:
    """A subject or a name may be one."""
    shown = hostile_report(cell)
    rows = list(csv.reader(io.StringIO("".join(as_csv.pieces(shown)))))

    assert len({len(row) for row in rows}) == 1
    assert len(rows) == 13
    assert not any(each.strip().startswith(("=", "+", "-", "@")) for row in rows for each in row)


def test_every_meeting_is_listed_on_request() -> None:
    """In the order in which they were read; otherwise the most interesting ones."""
    read = mailboxes(seeded(7), 20)
    every = [each.id for box in read for each in box.meetings]
    full = json.loads("".join(as_json.pieces(report(read, most_listed=None))))
    capped = json.loads("".join(as_json.pieces(report(read, most_listed=5))))

    assert [each["event"] for each in full["meetings"]] == every
    assert (full["meetings_left_out"], capped["meetings_left_out"]) == (0, len(every) - 5)
    assert len(capped["meetings"]) == 5


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        pytest.param(timedelta(seconds=12), "less than a minute", id="seconds"),
        pytest.param(timedelta(minutes=1), "about 1 minute", id="a minute"),
        pytest.param(timedelta(minutes=100), "about 100 minutes", id="minutes"),
        pytest.param(timedelta(hours=5.4), "about 5 hours", id="hours"),
        pytest.param(timedelta(days=2.5), "about 2 days", id="days"),
    ],
)
def test_long_times_are_rounded(time: timedelta, shown: str) -> None:
    """They are estimates."""
    assert words.duration_words(time) == shown
