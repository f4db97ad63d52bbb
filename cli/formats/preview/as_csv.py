"""The meetings of a preview as CSV, for a spreadsheet."""

import csv
import io
from collections.abc import Iterator

from cli.clean import line
from cli.formats.preview.words import first_line
from shared.desk.preview.report import PreviewReport
from shared.desk.preview.rule_set import Stance
from shared.desk.preview.totals import ListedMeeting

#: A spreadsheet takes a cell that begins with one of these as a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@")


def pieces(report: PreviewReport) -> Iterator[str]:
    """Yield the lines."""
    yield _line(_head(report))
    for listed in report.meetings():
        yield _line(_cells(listed, report))


def _head(report: PreviewReport) -> list[str]:
    names = ["start", "mailbox", "organizer", *(["subject"] if report.with_subjects else [])]
    names += ["event", "created", "past", "series", "added", "attendees"]
    for rules in report.sets:
        suffix = f" ({rules.name})" if len(report.sets) > 1 else ""
        for stance in Stance:
            names += [f"{stance} {what}{suffix}" for what in ("outcome", "reason", "rule", "why")]
    return names


def _cells(listed: ListedMeeting, report: PreviewReport) -> list[str]:
    meeting = listed.meeting
    cells = [meeting.start.isoformat(), listed.mailbox, meeting.organizer]
    cells += [meeting.subject] if report.with_subjects else []
    cells += [meeting.id, meeting.created.isoformat() if meeting.created else ""]
    cells += [str(value).lower() for value in (meeting.is_past, meeting.is_series, meeting.is_added)]
    cells += [str(meeting.mails)]
    for rules, decisions in zip(report.sets, meeting.decisions, strict=True):
        for stance in Stance:
            decision = decisions[stance][0]
            cells += [decision.outcome, decision.reason, decision.rule or "", first_line(decision, rules)]
    return cells


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(map(_safe, cells))
    return text.getvalue()


def _safe(cell: str) -> str:
    clean = line(cell)
    return f"'{clean}" if clean.lstrip().startswith(_FORMULA) else clean
