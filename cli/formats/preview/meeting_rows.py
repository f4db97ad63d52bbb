"""The table of meetings on a preview page."""

from collections.abc import Iterator

from cli.formats.preview.charts import number, text
from cli.formats.preview.words import first_line, outcome_words
from shared.desk.preview.previewed import PreviewedDecision
from shared.desk.preview.report import PreviewReport
from shared.desk.preview.rule_set import RuleSet, Stance
from shared.desk.preview.totals import ListedMeeting, differs
from shared.domain.decision import Outcome

_TIME = "%Y-%m-%d %H:%M"
#: classes of the badges
_BADGES = {Outcome.ENABLED: "link", Outcome.WOULD_ENABLE: "would"}


def meetings_note(report: PreviewReport) -> Iterator[str]:
    """Yield how many meetings are listed."""
    if report.left_out:
        yield (
            f'<p class="dim">{number(report.left_out)} more meetings are not listed here: --meetings lists'
            " all.</p>\n"
        )


def filters(report: PreviewReport) -> Iterator[str]:
    """Yield the results that can be chosen."""
    for outcome in (Outcome.ENABLED, Outcome.WOULD_ENABLE, Outcome.SKIPPED, Outcome.DELAYED):
        yield f'<option value="{outcome}">{outcome_words(outcome)}</option>\n'
    if len(report.sets) > 1:
        yield '<option value="changed">changed</option>\n'


def meetings(report: PreviewReport) -> Iterator[str]:
    """Yield the table of meetings."""
    subject = ["Subject"] if report.with_subjects else []
    results = [f"{each.name}: " for each in report.sets] if len(report.sets) > 1 else [""]
    heads = ["Starts (UTC)", "Organizer", *subject, "Attendees"]
    yield "<thead><tr>"
    yield "".join(f"<th{' class=number' if head == 'Attendees' else ''}>{head}</th>" for head in heads)
    yield "".join(f"<th>{text(name)}Result</th><th>{text(name)}Why</th>" for name in results)
    yield "</tr></thead><tbody>\n"
    for listed in report.meetings():
        yield _meeting(listed, report)
    yield "</tbody>\n"


def _meeting(listed: ListedMeeting, report: PreviewReport) -> str:
    meeting = listed.meeting
    decisions = [each[Stance.PROMOTED][0] for each in meeting.decisions]
    kinds = dict.fromkeys(each.outcome.value for each in decisions)
    if differs(meeting, Stance.PROMOTED):
        kinds["changed"] = None
    marks = [mark for mark, holds in (("series", meeting.is_series), ("past", meeting.is_past)) if holds]
    marks += ["link added by Joinlink"] if meeting.is_added else []
    shown = f' <span class="dim">{", ".join(marks)}</span>' if marks else ""
    subject = f'<td class="name">{text(meeting.subject)}</td>' if report.with_subjects else ""
    results = "".join(
        _decision(decision, rules) for decision, rules in zip(decisions, report.sets, strict=True)
    )
    starts = f'<span class="time">{meeting.start:{_TIME}}</span>'
    return (
        f'<tr data-results="{" ".join(kinds)}"><td class="time">{starts}{shown}</td>'
        f'<td class="name">{text(meeting.organizer or listed.mailbox)}</td>{subject}'
        f'<td class="number">{number(meeting.mails)}</td>{results}</tr>\n'
    )


def _decision(decision: PreviewedDecision, rules: RuleSet) -> str:
    other = "; it has another join link" if decision.has_other_link else ""
    badge = _BADGES.get(decision.outcome, "")
    return (
        f'<td><span class="badge {badge}">{outcome_words(decision.outcome)}</span></td>'
        f'<td class="name">{text(first_line(decision, rules))}{other}</td>'
    )
