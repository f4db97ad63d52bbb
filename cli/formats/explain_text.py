"""An explanation for a person: the answer first, then each guard and each rule, with what decided marked."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from cli import lines
from cli.clean import flat
from cli.lines import Line
from cli.output import console
from cli.subject import Subject
from shared.domain.decision import Reason
from shared.rules.explain import Asked, Explanation, RuleLine

_INDENT = 4


def show(subject: Subject, explanation: Explanation) -> None:
    """Print the explanation."""
    out = console()
    _event(out, subject)
    out.print()
    lines.show(out, list(_answer(explanation)))
    lines.show(out, [Line(Text("note", "warn"), Text(note)) for note in subject.notes])
    out.print()
    out.print(Text("Guards, the first that holds decides", "bold"))
    lines.show(out, [lines.of_guard(guard) for guard in explanation.guards])
    out.print()
    out.print(Text("Rules, the first that matches decides", "bold"))
    guarded = any(guard.decided for guard in explanation.guards)
    if guarded:
        asked = Text("  A guard decided, so no rule was asked. This is what they would have said.", "dim")
        lines.show(out, [Line(asked)])
    for rule in explanation.rules:
        _rule(out, rule)


def _event(out: Console, subject: Subject) -> None:
    event = subject.event
    out.print(Text(flat(event.subject) or "(no subject)", "bold"))
    length = event.end - event.start
    out.print(
        Text(
            f"{event.start:%a %Y-%m-%d %H:%M} UTC, for {_hours(length.total_seconds())}, "
            f"organized by {flat(event.organizer) or 'nobody'}",
            "dim",
        )
    )
    out.print(Text(f"decided as at {subject.now:%Y-%m-%d %H:%M} UTC by policy {subject.policy.hash}", "dim"))


def _hours(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004 -- an hour


def _answer(explanation: Explanation) -> Iterator[Line]:
    decision = explanation.decision
    guard = next((guard for guard in explanation.guards if guard.decided), None)
    why = guard.why if guard else ""
    by = f", by {decision.enforced_rule}" if decision.enforced_rule else ""
    now = _told(decision.reason, decision.rule, why, by)
    promoted = _told(decision.projected_reason, decision.projected_rule, why)
    yield Line(Text("now", "bold"), now)
    yield Line(Text("if promoted", "bold"), promoted)


def _told(reason: Reason, rule: str | None, guard: str, by: str = "") -> Text:
    """Return what one answer comes to, with its reason in the words of logs and docs.

    `by` names the rule in force, where one in report mode wants a link.
    """
    match reason:
        case Reason.LINK_ADDED:
            text = (
                ("gets a join link", "good"),
                f", by {rule}, if limits and calendar permit",
            )
        case Reason.REPORT_MODE:
            text = ("is left alone", "warn"), f"{by}: {rule} wants a link, and is in report mode"
        case Reason.BRAKE:
            text = ("is left alone", "warn"), f": {rule} wants a link, and JOINLINK_MODE=report is set"
        case Reason.RULE_SKIP:
            text = ("is left alone", "bad"), f", by {rule}"
        case Reason.NO_RULE_MATCHED:
            text = ("is left alone", "bad"), ": no rule matches"
        case Reason.INSUFFICIENT_DATA:
            text = ("is left alone", "bad"), f": {rule} can't be told"
        case Reason.AWAITING_DATA:
            text = ("is put off", "warn"), f": {rule} can't be told, and says on_missing: retry"
        case _:
            text = ("is left alone", "bad"), f": {guard}"
    return Text.assemble(*text, (f" ({reason})", "dim"))


def _rule(out: Console, line: RuleLine) -> None:
    rule = line.rule
    decided = line.decided or line.decided_if_promoted
    head = Text.assemble(
        lines.DECIDED if decided else "  ",
        (rule.id, "rule"),
        (f"  {rule.mode} {rule.action}", "dim"),
        f"  {_standing(line)}",
    )
    out.print()
    lines.show(out, [Line(head)])
    if rule.description:
        lines.show(out, [Line(Text(flat(rule.description), "dim"))], indent=_INDENT)
    lines.show(out, list(lines.of_rule(line)), indent=_INDENT)


def _standing(line: RuleLine) -> str:
    if line.asked is not Asked.YES:
        return f"{line.asked}, so it is not asked"
    matched = {True: "matches", False: "does not match", None: "can't be told"}[line.matched]
    # A rule that can't be told decides, too: nothing is written for as long as it stands open.
    decides = "which decides" if line.matched is None else "decides"
    if line.decided and line.decided_if_promoted:
        return f"{matched}, {decides}"
    if line.decided:
        return f"{matched}, {decides} now"
    would = "which would decide" if line.matched is None else "would decide"
    return f"{matched}, {would} if promoted" if line.decided_if_promoted else matched
