"""A preview as text: for each rule set its rules, the reasons against links, the limits, and meetings."""

from collections.abc import Sequence
from itertools import islice

from rich.console import Console
from rich.text import Text

from cli import lines
from cli.clean import flat
from cli.formats.preview.words import (
    STANCES,
    first_line,
    notes,
    outcome_words,
    result_words,
    times,
)
from cli.lines import Line
from cli.output import console, counted
from shared.desk.preview.counts import LimitUse, StanceCounts
from shared.desk.preview.report import PreviewReport
from shared.desk.preview.rule_set import RuleSet, Stance
from shared.desk.preview.totals import ListedMeeting, is_interesting
from shared.domain.decision import Action, Mode

#: meetings that are listed without --meetings
_MEETINGS = 20
#: numbers of links: as the rules stand, and promoted; the others are about the promoted links
_NUMBERS = ("    now", "promoted", "attendees", "mailboxes", "second link")
_TIME = "%Y-%m-%d %H:%M"


def show(report: PreviewReport) -> None:
    """Print the report."""
    out = console()
    _show_head(out, report)
    for position, rules in enumerate(report.sets):
        counts = report.totals.counts[position]
        out.print()
        out.print(Text.assemble((flat(rules.name), "place"), f", policy {rules.policy.hash}"))
        _show_rules(out, rules, counts)
        _show_reasons(out, counts[Stance.PROMOTED])
        lines.show(out, [_limit_line(use) for use in counts[Stance.PROMOTED].limit_uses(rules.policy)])
    _show_changes(out, report)
    _show_meetings(out, report)
    out.print()
    lines.show(out, [Line(Text("note", "warn"), Text(note)) for note in notes(report)])
    lines.show(out, [Line(Text("unknown", "dim"), Text(note, "dim")) for note in report.unknowable])
    left = report.totals.left.items()
    lines.show(out, [Line(Text("left", "bad"), Text(f"{mailbox}: {why}")) for mailbox, why in left])
    out.print(_end(report))


def _show_head(out: Console, report: PreviewReport) -> None:
    window = report.window
    meetings = counted(report.totals.meetings, "meeting")
    out.print(
        f"{counted(report.read, 'mailbox', 'mailboxes')} read, {meetings} from {window.start:%Y-%m-%d} until"
        f" {window.until:%Y-%m-%d}, decided for {window.now:{_TIME}} UTC"
    )


def _show_rules(out: Console, rules: RuleSet, counts: dict[Stance, StanceCounts]) -> None:
    """Print the links of each rule: now, and all other numbers with report rules promoted."""
    now, promoted = counts[Stance.AS_IT_STANDS], counts[Stance.PROMOTED]
    rows = [
        (rule.id, rule.mode.value, now.of_rule(rule.id), promoted.of_rule(rule.id))
        for rule in rules.policy.rules
        if rule.action is Action.ENABLE and rule.mode is not Mode.OFF
    ]
    rows.append(("all rules", "", now.links, promoted.links))
    columns = _columns(out, max(len(name) for name, *_numbers in rows))
    shown = [Line(Text("rule", "bold"), Text(f"{'mode':<7}{_row(columns, columns)}", "bold"))]
    for name, mode, before, after in rows:
        numbers = (before.meetings, after.meetings, after.attendees, after.mailboxes, after.other_links)
        shown.append(Line(Text(name, "rule"), Text(f"{mode:<7}{_row(numbers, columns)}")))
    lines.show(out, shown)
    total = promoted.links
    out.print(
        f"of {counted(total.meetings, 'promoted link')}: {total.to_add} to add now, {total.added} added by"
        f" Joinlink before, {total.meetings - total.coming} in past meetings"
    )


def _columns(out: Console, longest_name: int) -> tuple[str, ...]:
    """Return the columns for which a terminal has room; the last ones are left out first."""
    if out.soft_wrap:
        return _NUMBERS
    room = out.width - min(longest_name, out.width // 2) - len("enforce") - 2
    count = 2
    while count < len(_NUMBERS) and len(_row(_NUMBERS, _NUMBERS[: count + 1])) <= room:
        count += 1
    return _NUMBERS[:count]


def _row(cells: Sequence[int | str], columns: Sequence[str]) -> str:
    return "".join(f"  {cell:>{len(column)}}" for cell, column in zip(cells, columns, strict=False))


def _show_reasons(out: Console, counts: StanceCounts) -> None:
    rows = [
        Line(Text(f"{count.meetings:>7}  {count.mailboxes:>9}"), Text(result_words(result)))
        for result, count in counts.without_link()
    ]
    if rows:
        out.print()
        out.print(Text(f"{'no link':>7}  {'mailboxes':>9}  reason, {STANCES[Stance.PROMOTED]}", "bold"))
        lines.show(out, rows)
    out.print()


def _limit_line(use: LimitUse) -> Line:
    limits, parts = use.limits, []
    if use.busiest_hour:
        links, hour = use.busiest_hour
        parts.append(f"busiest hour {links}{_of(limits.per_hour)} ({hour:{_TIME}} UTC)")
    if use.busiest_day:
        day = use.busiest_day
        parts.append(
            f"busiest mailbox and day {day.links}{_of(limits.per_mailbox_per_day)} ({day.mailbox}, {day.day})"
        )
    if use.within_limits < use.to_add:
        parts.append(
            f"of {use.to_add} links to add now, {use.within_limits} fit into its limits in the first hour"
        )
    return Line(Text(use.rule, "rule"), Text("; ".join(parts) or "no meeting was created in this time"))


def _of(limit: int | None) -> str:
    return "" if limit is None else f" of {limit}"


def _show_changes(out: Console, report: PreviewReport) -> None:
    if len(report.sets) == 1:
        return
    before, after = (flat(each.name) for each in report.sets)
    for stance, changes in report.totals.changes.items():
        out.print()
        out.print(Text(f"What changes from {before} to {after}, {STANCES[stance]}", "bold"))
        found = sorted(changes.items(), key=lambda each: -each[1].meetings)
        rows = [
            Line(
                Text(f"{count.meetings:>8}  {count.attendees:>9}"),
                Text(f"{result_words(old)} -> {result_words(new)}"),
            )
            for (old, new), count in found
        ]
        if rows:
            out.print(Text(f"{'meetings':>8}  {'attendees':>9}  change", "bold"))
            lines.show(out, rows)
        else:
            out.print("nothing")


def _show_meetings(out: Console, report: PreviewReport) -> None:
    """Print all meetings, or the first ones that get a link or another decision."""
    is_all = report.most_listed is None
    wanted = (each for each in report.meetings() if is_all or is_interesting(each.meeting))
    shown = [_meeting_line(each, report) for each in islice(wanted, None if is_all else _MEETINGS)]
    if not shown:
        return
    out.print()
    out.print(Text(f"{'starts (UTC)':<16}  organizer, result {STANCES[Stance.PROMOTED]}, and why", "bold"))
    lines.show(out, shown)
    more = report.totals.meetings - len(shown)
    if more > 0:
        out.print(f"{counted(more, 'meeting')} more: --meetings shows all, and --html a page to search them")


def _meeting_line(listed: ListedMeeting, report: PreviewReport) -> Line:
    meeting = listed.meeting
    decisions = [
        (decisions[Stance.PROMOTED][0], rules)
        for rules, decisions in zip(report.sets, meeting.decisions, strict=True)
    ]
    parts = [f"{outcome_words(each.outcome)}: {flat(first_line(each, rules))}" for each, rules in decisions]
    subject = f" “{flat(meeting.subject)}”" if meeting.subject else ""
    what = f"{meeting.organizer or listed.mailbox}{subject}  {' -> '.join(dict.fromkeys(parts))}"
    return Line(Text(f"{meeting.start:{_TIME}}"), Text(what))


def _end(report: PreviewReport) -> Text:
    total = report.totals.counts[-1][Stance.PROMOTED].links
    text = Text.assemble(("Nothing was written. ", "good"))
    if report.is_sample and report.share:
        text.append(
            f"In all {report.in_scope} mailboxes: about {round(total.meetings / report.share)} links"
            f" {STANCES[Stance.PROMOTED]}. "
        )
    for time in times(report):
        text.append(f"{time} ")
    if report.is_stopped or report.totals.left:
        text.append("The same command resumes with the rest.")
    text.rstrip()
    return text
