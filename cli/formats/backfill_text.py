"""What a backfill comes to, for a person: by rule, by mailbox, in all; then what stands beside it."""

from collections.abc import Iterable, Iterator

import typer
from rich.text import Text

from cli import lines
from cli.backfill_totals import Sum, Totals
from cli.lines import Line
from cli.output import console, counted
from shared.desk.backfill import Run, Standing

#: mailboxes that are listed, those with most mails first
_MAILBOXES = 20


def begin(run: Run, mailboxes: int, doubts: Iterable[str]) -> None:
    """Say what is looked at."""
    out = console()
    going_on = (
        f", going on with the run of {run.state.started:%Y-%m-%d %H:%M} UTC" if run.is_continued else ""
    )
    out.print(
        f"{counted(mailboxes, 'mailbox', 'mailboxes')}, events until {run.state.until:%Y-%m-%d %H:%M} UTC, "
        f"policy {run.policy.hash}{going_on}"
    )
    lines.show(out, [Line(Text("note", "warn"), Text(doubt)) for doubt in doubts])


def show(totals: Totals, *, queued: bool, stopped: bool, is_braked: bool) -> None:
    """Print the sums and the notes."""
    out = console()
    _table("rule", sorted(totals.rules.items()))
    by_mails = sorted(totals.mailboxes.items(), key=lambda each: (-each[1].mails, each[0]))
    _table("mailbox", [(name or mailbox, each) for (mailbox, name), each in by_mails[:_MAILBOXES]])
    if len(by_mails) > _MAILBOXES:
        out.print(f"… and {counted(len(by_mails) - _MAILBOXES, 'mailbox', 'mailboxes')} more; --json has all")
    out.print(_sentence(totals, queued=queued))
    lines.show(out, [Line(Text("note", "warn"), Text(note)) for note in _notes(totals, is_braked=is_braked)])
    left = totals.left.items()
    lines.show(out, [Line(Text("left", "bad"), Text(f"{mailbox}: {why}")) for mailbox, why in left])
    if totals.left or stopped:
        begun = "; the same command goes on with the rest" if queued else "; nothing was queued"
        out.print(f"{'Stopped' if stopped else 'Some mailboxes are left'}{begun}.")


def agreed(totals: Totals) -> bool:
    """Ask whether the links shall be added."""
    links = counted(totals.total.links, "join link")
    return typer.confirm(f"Add {links}? Graph can't take a link back, and attendees may get mail.")


def _table(head: str, sums: list[tuple[str, Sum]]) -> None:
    if not sums:
        return
    out = console()
    width = max(len(head), *(len(name) for name, _each in sums))
    out.print(Text(f"{head:<{width}}  {'links':>7}  {'attendees mailed':>16}", "bold"))
    for name, each in sums:
        out.print(Text.assemble((f"{name:<{width}}", "rule"), f"  {each.links:>7}  {each.mails:>16}"))
    out.print()


def _sentence(totals: Totals, *, queued: bool) -> Text:
    total = totals.total
    if not total.links and not totals.unsettled:
        return Text("Nothing is to be added.")
    links, mails = counted(total.links, "link"), counted(total.mails, "mail")
    told = f"{links}, {mails} to attendees at most"
    takes = ""
    if totals.last:
        takes = f", the last about {totals.last:%Y-%m-%d %H:%M} UTC"
    return Text.assemble(("queued: " if queued else "would be added: ", "good"), told, takes)


def _notes(totals: Totals, *, is_braked: bool) -> Iterator[str]:
    if is_braked:
        yield "JOINLINK_MODE=report is set: nothing is written, whatever the rules say"
    for rule, number in sorted(totals.would_enable.items()):
        why = "but for the brake" if is_braked else "if it were in enforce mode"
        yield f"{rule} would add {counted(number, 'link')} {why}"
    if totals.later:
        yield f"{counted(totals.later, 'link')} more than limits allow in six days: run it again then"
    if totals.unsettled:
        yield f"{counted(totals.unsettled, 'event')} with an attempt under way: the app settles them"
    if totals.unreadable:
        yield f"{counted(totals.unreadable, 'event')} left alone: Joinlink does not understand their shape"
    told = {
        Standing.DONE_BEFORE: "done before the break",
        Standing.UNDER_WAY: "left alone: changes of an earlier backfill are still to come there",
        Standing.NO_CALENDAR: "without a calendar: guests, disabled accounts, no licence",
    }
    for standing, text in told.items():
        if number := totals.standings[standing]:
            yield f"{counted(number, 'mailbox', 'mailboxes')} {text}"
