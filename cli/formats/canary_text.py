"""A canary as text: the meeting before it is created, then its hops in the order of the chain."""

from rich.text import Text

from cli import lines
from cli.lines import Line
from cli.output import console, counted, note
from shared.desk.canary.canary_plan import RESERVED_ADDRESS, CanaryExpectation, CanaryPlan, Judge
from shared.desk.canary.hops import Hop, HopResult

_WIDTH = max(len(hop) for hop in Hop)


def why_report(plan: CanaryPlan, judge: Judge) -> str:
    """Return why the app writes nothing, where it only reports."""
    if judge.has_brake:
        return "the brake JOINLINK_MODE=report is on in the app, so it writes nothing"
    return f'rule "{plan.rule.id}" is in {plan.rule.mode} mode, so the app writes nothing'


def show_plan(plan: CanaryPlan, judge: Judge, mailbox: str, *, as_json: bool) -> None:
    """Print the meeting that would be created, and what an admin must know; with JSON, on stderr."""
    if as_json:
        for line in _plan_lines(plan, judge, mailbox):
            note(f"{line.left.plain}: {line.right.plain}")
        return
    lines.show(console(), _plan_lines(plan, judge, mailbox))


def _plan_lines(plan: CanaryPlan, judge: Judge, mailbox: str) -> list[Line]:
    test = (
        f', test "{plan.test}"'
        if plan.test
        else ", an ordinary meeting, as it has no test that expects a link"
    )
    facts = [
        ("rule", f"{plan.rule.id} ({plan.rule.mode}){test}"),
        ("meeting", f"{plan.body['subject']}, {plan.start:%Y-%m-%d %H:%M} UTC, in {mailbox}"),
        ("attendees", ", ".join(plan.attendees)),
    ]
    shown = [Line(Text(name, "bold"), Text(text)) for name, text in facts]
    return shown + [Line(Text("note", "warn"), Text(text)) for text in _notes(plan, judge)]


def _notes(plan: CanaryPlan, judge: Judge) -> list[str]:
    mails = "Exchange mails the invitation, changes and the cancellation to the attendees"
    if RESERVED_ADDRESS in plan.attendees:
        mails += (
            f"; nobody has {RESERVED_ADDRESS}, so the mailbox may get non-delivery reports, also for the"
            " cancellation"
        )
    notes = [mails]
    if plan.expectation is CanaryExpectation.REPORT:
        notes.append(f"{why_report(plan, judge)}: the chain ends with its decision")
    if plan.expectation is CanaryExpectation.LEFT:
        notes.append("the meeting is online from the start, and the app must not change it")
    return notes


def show_hops(results: list[HopResult], *, stopped: bool) -> None:
    """Print the hops, and the result of the whole chain; `stopped`: an admin ended it."""
    out = console()
    ordered = sorted(results, key=lambda result: list(Hop).index(result.hop))
    out.print()
    lines.show(out, [line for result in ordered for line in _hop_lines(result)])
    out.print()
    failed = [result for result in ordered if result.is_ok is False]
    unknown = sum(result.is_ok is None for result in ordered)
    if stopped:
        out.print("Stopped before the end of the chain.", style="warn")
    elif failed:
        out.print(f"The chain stopped: {', '.join(result.hop for result in failed)}.", style="bad")
    else:
        but = f", {counted(unknown, 'hop')} unknown" if unknown else ""
        out.print(f"No hop failed{but}.", style="good")


def _hop_lines(result: HopResult) -> list[Line]:
    after = "" if result.after is None else f"{result.after.total_seconds():.0f} s"
    left = Text.assemble(lines.mark(result.is_ok), f" {result.hop:<{_WIDTH}}  {after:>6}")
    shown = [Line(left, Text(result.text))]
    if result.check_next:
        shown.append(Line(Text(f"  {'':<{_WIDTH}}  {'next':>6}"), Text(result.check_next, "warn")))
    return shown
