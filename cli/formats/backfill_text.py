"""The totals of a backfill, as text: by rule, by mailbox and overall, then the notes."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from cli import lines
from cli.backfill_totals import BackfillTotals, LinkCount
from cli.lines import Line
from cli.output import confirm, console, counted
from shared.desk.backfill import BackfillRun, SearchStatus

#: The mailboxes with most mails are listed; --json has all of them.
_MOST_MAILBOXES = 20
_STATUS_NOTES = {
    SearchStatus.DONE_BEFORE: "done before the interruption",
    SearchStatus.UNDER_WAY: "skipped: changes of an earlier backfill are not due yet",
    SearchStatus.NO_CALENDAR: "without a calendar to search: guests, rooms, disabled accounts, no licence",
}


def show_start(run: BackfillRun, mailboxes: int, notes: Iterable[str]) -> None:
    """Print what the backfill searches."""
    out = console()
    resumed = f", resuming the run of {run.state.started:%Y-%m-%d %H:%M} UTC" if run.is_continued else ""
    out.print(
        f"{counted(mailboxes, 'mailbox', 'mailboxes')}, events until {run.state.until:%Y-%m-%d %H:%M} UTC, "
        f"policy {run.policy.hash}{resumed}"
    )
    lines.show(out, [Line(Text("note", "warn"), Text(note)) for note in notes])


def show_totals(totals: BackfillTotals, *, queued: bool, stopped: bool, is_report_only: bool) -> None:
    """Print the totals and the notes."""
    out = console()
    _show_table("rule", sorted(totals.rules.items()))
    by_mails = sorted(totals.mailboxes.items(), key=lambda each: (-each[1].mails, each[0]))
    listed = by_mails[:_MOST_MAILBOXES]
    _show_table("mailbox", [(name or mailbox, count) for (mailbox, name), count in listed])
    if more := len(by_mails) - len(listed):
        out.print(f"… and {counted(more, 'mailbox', 'mailboxes')} more; --json has all")
    out.print(_summary(totals, queued=queued))
    notes = _notes(totals, is_report_only=is_report_only)
    lines.show(out, [Line(Text("note", "warn"), Text(note)) for note in notes])
    left = totals.left.items()
    lines.show(out, [Line(Text("left", "bad"), Text(f"{mailbox}: {why}")) for mailbox, why in left])
    if totals.left or stopped:
        rest = "the same command resumes with the rest" if queued else "nothing was queued"
        out.print(f"{'Stopped' if stopped else 'Some mailboxes are left'}; {rest}.")


def is_agreed(totals: BackfillTotals) -> bool:
    """Ask whether to add the links."""
    links = counted(totals.total.links, "join link")
    return confirm(f"Add {links}? Graph can't remove a link again, and attendees may get mail.")


def _show_table(head: str, rows: list[tuple[str, LinkCount]]) -> None:
    if not rows:
        return
    out = console()
    width = max(len(head), *(len(name) for name, _count in rows))
    out.print(Text(f"{head:<{width}}  {'links':>7}  {'attendees mailed':>16}", "bold"))
    for name, count in rows:
        out.print(Text.assemble((f"{name:<{width}}", "rule"), f"  {count.links:>7}  {count.mails:>16}"))
    out.print()


def _summary(totals: BackfillTotals, *, queued: bool) -> Text:
    total = totals.total
    if not total.links and not totals.unsettled:
        return Text("There is nothing to add.")
    links, mails = counted(total.links, "link"), counted(total.mails, "mail")
    last = f", the last about {totals.last:%Y-%m-%d %H:%M} UTC" if totals.last else ""
    start = ("queued: " if queued else "would be added: ", "good")
    return Text.assemble(start, f"{links}, {mails} to attendees at most{last}")


def _notes(totals: BackfillTotals, *, is_report_only: bool) -> Iterator[str]:
    if is_report_only:
        yield "JOINLINK_MODE=report is set: nothing is written, whatever the rules say"
    for rule, number in sorted(totals.would_enable.items()):
        why = "without JOINLINK_MODE=report" if is_report_only else "if it were in enforce mode"
        yield f"{rule} would add {counted(number, 'link')} {why}"
    if totals.later:
        yield f"{counted(totals.later, 'link')} more than limits allow in six days: run it again then"
    if totals.unsettled:
        events = counted(totals.unsettled, "event")
        yield f"{events} with a write whose result is unknown: the app settles them"
    if totals.unreadable:
        yield f"{counted(totals.unreadable, 'event')} skipped: Joinlink does not understand their format"
    if totals.unread_calendars:
        calendars = counted(totals.unread_calendars, "calendar, or list,", "calendars, or lists,")
        yield f"{calendars} skipped: Graph does not show them; run it again later"
    for status, text in _STATUS_NOTES.items():
        if number := totals.statuses[status]:
            yield f"{counted(number, 'mailbox', 'mailboxes')} {text}"
