"""The writes of `joinlink history` as text: the newest ones, then the totals."""

from rich.text import Text

from cli import lines
from cli.lines import Line
from cli.output import console, counted
from shared.desk.history import History
from shared.domain.meeting import Meeting, MeetingState

_MOST_RULES = 50
_INDENT = 4
#: what an admin reads for each state, and its style
_WORDS = {
    MeetingState.SEEN_ONLINE: ("online without Joinlink", "dim"),
    MeetingState.ATTEMPTED: ("write in progress", "warn"),
    MeetingState.UNCONFIRMED: ("written, not confirmed yet", "warn"),
    MeetingState.LINK_PENDING: ("online, join link awaited", "warn"),
    MeetingState.ENABLED: ("link added", "good"),
    MeetingState.WRITE_UNKNOWN: ("held, result unknown", "bad"),
    MeetingState.RELEASED: ("released for one more write", "warn"),
    MeetingState.NOT_HONORED: ("written, no link created", "bad"),
}


def show(history: History) -> None:
    """Print the writes."""
    out = console()
    if not history.total:
        out.print("No event was found in the memory of past writes.")
    for mailbox, meeting in history.newest:
        words, style = _WORDS[meeting.state]
        rule = Text.assemble("  rule ", (meeting.rule, "rule")) if meeting.rule else Text()
        out.print(Text.assemble(f"{meeting.at:%Y-%m-%d %H:%M} UTC  ", (words, style), rule))
        facts = [Line(Text("mailbox"), Text(mailbox)), *_more(meeting)]
        lines.show(out, facts, indent=_INDENT)
        if meeting.event:
            lines.show_to_copy(out, Text(meeting.event, "dim"), indent=_INDENT)
    if history.total:
        _show_totals(history)
    if history.unreadable:
        rows = counted(history.unreadable, "row")
        out.print(f"{rows} can't be read: damaged, or written by a later version of Joinlink.", style="warn")


def _more(meeting: Meeting) -> list[Line]:
    """Return what is remembered besides mailbox and event."""
    found = []
    if not meeting.event:
        found.append(Line(Text("event"), Text("its id was not kept: an earlier version wrote the row")))
    if meeting.provider:
        found.append(Line(Text("provider"), Text(meeting.provider)))
    if meeting.policy_hash:
        found.append(Line(Text("policy"), Text(meeting.policy_hash)))
    if meeting.attempts:
        found.append(Line(Text("no link"), Text(counted(meeting.attempts, "time"))))
    if meeting.detail:
        found.append(Line(Text("answer"), Text(meeting.detail)))
    return found


def _show_totals(history: History) -> None:
    out = console()
    left = history.total - len(history.newest)
    if left:
        out.print(f"and {left:,} more: --most lists up to 10,000, --since, --rule and --mailbox select.")
    out.print()
    out.print(Text(f"{history.total:,} {'event' if history.total == 1 else 'events'}", "bold"))
    lines.show(
        out,
        [
            Line(Text(_WORDS[state][0], _WORDS[state][1]), Text(f"{number:>9,}"))
            for state, number in history.states.most_common()
        ],
        indent=2,
    )
    if history.rules:
        out.print(Text("links added, by rule", "bold"))
        rows = [
            Line(Text(rule or "(none)", "rule"), Text(f"{number:>9,}"))
            for rule, number in history.rules.most_common(_MOST_RULES)
        ]
        lines.show(out, rows, indent=2)
