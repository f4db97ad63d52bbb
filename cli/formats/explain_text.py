"""An explanation as text: the result first, then each guard and each rule, with a mark at what decides."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from cli import lines
from cli.clean import flat
from cli.decision_lines import DECIDES, guard_line, rule_lines
from cli.explained_event import ExplainedEvent
from cli.lines import Line
from cli.output import console
from shared.domain.decision import Reason
from shared.rules.explain import Explanation, RuleResult, RuleStatus

_INDENT = 4
_STATUS = {
    RuleStatus.OFF: "is off",
    RuleStatus.NOT_YET_ACTIVE: "is not active yet",
    RuleStatus.NO_LONGER_ACTIVE: "is no longer active",
}


def print_explanation(explained: ExplainedEvent, explanation: Explanation) -> None:
    """Print the explanation."""
    out = console()
    _print_event(out, explained)
    out.print()
    lines.show(out, list(_result(explanation)))
    lines.show(out, [Line(Text("note", "warn"), Text(note)) for note in explained.notes])
    out.print()
    deciding = explanation.deciding_guard
    out.print(Text("Guards: the first that applies decides", "bold"))
    lines.show(out, [guard_line(guard, decides=guard is deciding) for guard in explanation.guards])
    out.print()
    out.print(Text("Rules: the first that matches decides", "bold"))
    if deciding is not None:
        lines.show(out, [Line(Text("  A guard decides, so these results do not count.", "dim"))])
    for rule in explanation.rules:
        _print_rule(out, rule)


def _print_event(out: Console, explained: ExplainedEvent) -> None:
    event = explained.event
    out.print(Text(flat(event.subject) or "(no subject)", "bold"))
    length = event.end - event.start
    out.print(
        Text(
            f"{event.start:%a %Y-%m-%d %H:%M} UTC, for {_hours(length.total_seconds())}, "
            f"organized by {flat(event.organizer) or '(no organizer)'}",
            "dim",
        )
    )
    out.print(
        Text(f"decided for {explained.now:%Y-%m-%d %H:%M} UTC, with policy {explained.policy.hash}", "dim")
    )


def _hours(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004 -- an hour


def _result(explanation: Explanation) -> Iterator[Line]:
    decision = explanation.decision
    guard = explanation.deciding_guard
    why = guard.why if guard else ""
    if explanation.depends_on_body:
        unknown = "it is unknown whether the body has a join link"
        result = Text.assemble(("gets no join link", "bad"), f": {unknown}", (f" ({decision.reason})", "dim"))
        yield Line(Text("now", "bold"), result)
        yield Line(Text("if promoted", "bold"), result)
        return
    now = _summary(decision.reason, decision.rule, why, decision.enforced_rule)
    promoted = _summary(decision.projected_reason, decision.projected_rule, why)
    yield Line(Text("now", "bold"), now)
    yield Line(Text("if promoted", "bold"), promoted)


def _summary(reason: Reason, rule: str | None, why: str, enforced: str | None = None) -> Text:
    """Return the result and its cause in words, with the reason as in logs and docs.

    `why` is that of the guard that decides. `enforced` is the rule that decides now, if that is another one.
    """
    text: tuple[tuple[str, str], str]
    other = f"rule {enforced} decides; " if enforced else ""
    match reason:
        case Reason.LINK_ADDED:
            text = ("gets a join link", "good"), f" from rule {rule}, if its limits and the calendar allow it"
        case Reason.REPORT_MODE:
            text = ("gets no join link", "warn"), f": {other}rule {rule} would add one, but is in report mode"
        case Reason.BRAKE:
            text = (
                ("gets no join link", "warn"),
                f": rule {rule} would add one, but JOINLINK_MODE=report is set",
            )
        case Reason.RULE_SKIP:
            text = ("gets no join link", "bad"), f": rule {rule} skips it"
        case Reason.NO_RULE_MATCHED:
            text = ("gets no join link", "bad"), ": no rule matches"
        case Reason.INSUFFICIENT_DATA:
            text = ("gets no join link", "bad"), f": it is unknown whether rule {rule} matches"
        case Reason.AWAITING_DATA:
            unknown = f": it is unknown whether rule {rule} matches, and the rule has on_missing: retry"
            text = ("is decided later", "warn"), unknown
        case _:
            text = ("gets no join link", "bad"), f": {why}"
    return Text.assemble(*text, (f" ({reason})", "dim"))


def _print_rule(out: Console, result: RuleResult) -> None:
    rule = result.rule
    decides = result.decided or result.decided_if_promoted
    head = Text.assemble(
        DECIDES if decides else "  ",
        (rule.id, "rule"),
        (f"  {rule.mode} {rule.action}", "dim"),
        f"  {_rule_summary(result)}",
    )
    out.print()
    lines.show(out, [Line(head)])
    if rule.description:
        lines.show(out, [Line(Text(flat(rule.description), "dim"))], indent=_INDENT)
    lines.show(out, list(rule_lines(result)), indent=_INDENT)


def _rule_summary(result: RuleResult) -> str:
    if result.status is not RuleStatus.EVALUATED:
        return f"{_STATUS[result.status]}, so it is not evaluated"
    matches = {True: "matches", False: "does not match", None: "it is unknown whether it matches"}
    matched = matches[result.matched]
    # An unknown rule decides too: nothing is written while it is unknown.
    subject = "which " if result.matched is None else ""
    if result.decided and result.decided_if_promoted:
        return f"{matched}, {subject}decides"
    if result.decided:
        return f"{matched}, {subject}decides now"
    return f"{matched}, {subject}would decide if promoted" if result.decided_if_promoted else matched
