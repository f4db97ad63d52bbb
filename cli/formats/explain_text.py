"""An explanation as text: the result first, then each guard and each rule, with a mark at what decides."""

from collections.abc import Iterator
from datetime import datetime

from rich.console import Console
from rich.text import Text

from cli import lines
from cli.clean import flat
from cli.decision_lines import DECIDES, NOT_EVALUATED, guard_line, rule_lines
from cli.explained_event import ExplainedEvent
from cli.formats.verdict_text import hours, verdict_text
from cli.lines import Line
from cli.output import console
from shared.rules.explain import Explanation, RuleResult, RuleStatus

_INDENT = 4


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
        _print_rule(out, rule, explained.now)


def _print_event(out: Console, explained: ExplainedEvent) -> None:
    event = explained.event
    out.print(Text(flat(event.subject) or "(no subject)", "bold"))
    length = event.end - event.start
    out.print(
        Text(
            f"{event.start:%a %Y-%m-%d %H:%M} UTC, for {hours(length)}, "
            f"organized by {flat(event.organizer) or '(no organizer)'}",
            "dim",
        )
    )
    out.print(
        Text(f"decided for {explained.now:%Y-%m-%d %H:%M} UTC, with policy {explained.policy.hash}", "dim")
    )


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
    now = verdict_text(decision.reason, decision.rule, why, decision.enforced_rule)
    promoted = verdict_text(decision.projected_reason, decision.projected_rule, why)
    yield Line(Text("now", "bold"), now)
    yield Line(Text("if promoted", "bold"), promoted)


def _print_rule(out: Console, result: RuleResult, now: datetime) -> None:
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
    lines.show(out, list(rule_lines(result, now)), indent=_INDENT)


def _rule_summary(result: RuleResult) -> str:
    if result.status is not RuleStatus.EVALUATED:
        return f"{NOT_EVALUATED[result.status]}, so it is not evaluated"
    matches = {True: "matches", False: "does not match", None: "it is unknown whether it matches"}
    matched = matches[result.matched]
    # An unknown rule decides too: nothing is written while it is unknown.
    subject = "which " if result.matched is None else ""
    if result.decided and result.decided_if_promoted:
        return f"{matched}, {subject}decides"
    if result.decided:
        return f"{matched}, {subject}decides now"
    return f"{matched}, {subject}would decide if promoted" if result.decided_if_promoted else matched
