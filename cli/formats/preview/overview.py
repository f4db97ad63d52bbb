"""The parts of a preview page about the whole preview."""

from collections.abc import Iterator

from cli.formats.preview.charts import BarRow, bar_table, number, text
from cli.formats.preview.words import STANCES, notes, result_words, times
from cli.output import counted
from shared.desk.preview.report import PreviewReport
from shared.desk.preview.rule_set import Stance
from shared.domain.decision import Outcome, Reason
from shared.version import VERSION


def lead(report: PreviewReport) -> Iterator[str]:
    """Yield what was read."""
    window = report.window
    names = ", ".join(f"{text(each.name)} (policy <code>{each.policy.hash}</code>)" for each in report.sets)
    yield (
        f'<p class="dim">{counted(report.read, "mailbox", "mailboxes")} read,'
        f" {number(report.totals.meetings)} meetings from {window.start:%Y-%m-%d} until"
        f" {window.until:%Y-%m-%d}, decided for {window.now:%Y-%m-%d %H:%M} UTC by {names}."
        " Nothing was written.</p>\n"
    )
    told = list(notes(report))
    if told:
        yield f'<div class="card"><ul>{"".join(f"<li>{text(note)}</li>" for note in told)}</ul></div>\n'


def tiles(report: PreviewReport) -> Iterator[str]:
    """Yield the most important numbers: those of the last rule set."""
    counts = report.totals.counts[-1]
    promoted, now = counts[Stance.PROMOTED].links, counts[Stance.AS_IT_STANDS].links
    online = sum(
        count.meetings
        for result, count in counts[Stance.PROMOTED].results.items()
        if result.reason is Reason.ALREADY_ONLINE
    )
    shown = [
        (promoted.meetings, "links with report rules promoted"),
        (now.meetings, "links as the rules stand"),
        (promoted.to_add, "promoted links to add now: other meetings are past, or have theirs"),
        (promoted.attendees, "attendees who may get mail"),
        (promoted.other_links, "links beside another join link"),
        (online, "meetings online already"),
    ]
    yield '<div class="tiles" id="tiles">\n'
    for at, (value, words) in enumerate(shown):
        main = "" if at else " main"
        yield f'<div class="tile{main}"><b>{number(value)}</b><span>{words}</span></div>\n'
    yield "</div>\n"
    if report.is_sample and report.share:
        links = round(promoted.meetings / report.share)
        yield f"<p>In all {number(report.in_scope)} mailboxes: about {number(links)} promoted links.</p>\n"


def changes(report: PreviewReport) -> Iterator[str]:
    """Yield what differs between two rule sets."""
    if len(report.sets) == 1:
        return
    before, after = (text(each.name) for each in report.sets)
    yield f'<section><h2>What changes from {before} to {after}</h2>\n<div class="cards">\n'
    for stance, found in report.totals.changes.items():
        yield f'<div class="card wide scroll"><h3>{STANCES[stance].capitalize()}</h3>\n'
        rows = [
            BarRow(
                f"{text(result_words(old))} → <b>{text(result_words(new))}</b>",
                count.meetings,
                (number(count.mailboxes), number(count.attendees)),
                "" if new.outcome is Outcome.ENABLED else "none",
            )
            for (old, new), count in sorted(found.items(), key=lambda each: -each[1].meetings)
        ]
        heads = ("Change", "Meetings", "Mailboxes", "Attendees")
        yield from bar_table(heads, rows, table_id=f"changes-{stance}") if rows else ["<p>Nothing.</p>"]
        yield "</div>\n"
    yield "</div></section>\n"


def unknown(report: PreviewReport) -> Iterator[str]:
    """Yield what no preview knows."""
    yield "<ul>\n"
    yield from (f"<li>{text(each)}</li>\n" for each in report.unknowable)
    yield "</ul>\n"


def footer(report: PreviewReport) -> Iterator[str]:
    """Yield the version, how long all mailboxes take, and what could not be read."""
    for mailbox, why in report.totals.left.items():
        yield f"<p>Not read: {text(mailbox)}: {text(why)}</p>\n"
    yield from (f"<p>{time}</p>\n" for time in times(report))
    yield f"<p>Made by joinlink {VERSION}. This page has names of people: keep it private.</p>\n"
