"""The health of the app, for a person: what is to be done first, then the facts."""

from collections.abc import Iterator

from rich.text import Text

from cli import lines
from cli.lines import Line
from cli.output import console, counted
from shared.storage.held_event_index import MOST_COUNTED
from shared.storage.maintenance_report import MaintenanceReport
from shared.storage.queue_metrics import QueueMetrics
from shared.worker.common.memory import MemoryState
from shared.worker.health.checkup import Facts, Health, ago
from shared.worker.mailboxes.coverage import Coverage

_MEMORY = {
    MemoryState.WHOLE: "whole",
    MemoryState.NOT_STARTED: "not started yet: the first maintenance of the app begins it",
    MemoryState.MISSING: "missing",
}


def show(health: Health) -> None:
    """Print the health."""
    out = console()
    if health.is_well:
        out.print("✓ All is well.", style="good")
    else:
        out.print(f"✗ {counted(len(health.problems), 'thing')} to fix:", style="bad")
    lines.show(out, [Line(Text.assemble(("  ✗", "bad")), Text(problem)) for problem in health.problems])
    lines.show(out, [Line(Text.assemble(("  !", "warn")), Text(warning)) for warning in health.warnings])
    out.print()
    lines.show(out, list(_facts(health.facts)))


def _facts(facts: Facts) -> Iterator[Line]:
    if rules := facts.rules:
        since = f", in force for {ago(facts.now - rules.since)}" if rules.since else ""
        told = (
            f"policy {rules.hash}, {counted(rules.rules, 'rule')}{since}" if rules.hash else "none in force"
        )
        yield _fact("rules", told)
    if run := facts.last_run:
        yield from _mailboxes(run, facts)
    if facts.memory:
        yield _fact("memory of writes", _MEMORY[facts.memory])
    if facts.held_events:
        yield _fact(
            "events held", f"{facts.held_events}{' or more' if facts.held_events >= MOST_COUNTED else ''}"
        )
    for queue, gauge in {**facts.queues, **facts.poison}.items():
        yield _fact(queue, _queue(gauge))


def _mailboxes(run: MaintenanceReport, facts: Facts) -> Iterator[Line]:
    yield _fact("last maintenance", f"{ago(run.age_at(facts.now))} ago")
    yield _fact("in scope", "not known" if run.scope is None else counted(run.scope, "mailbox", "mailboxes"))
    yield _fact(
        "mailboxes",
        ", ".join(f"{run.mailboxes[watch]} {watch}" for watch in Coverage if run.mailboxes.get(watch)),
    )
    if run.held:
        yield _fact("mailboxes held", f"{counted(run.held, 'mailbox', 'mailboxes')}, hash {run.held_hash}")
    if run.soonest_expiry:
        yield _fact("soonest expiry", f"{run.soonest_expiry:%Y-%m-%d %H:%M} UTC")


def _queue(gauge: QueueMetrics) -> str:
    oldest = f", the oldest waiting for {ago(gauge.oldest)}" if gauge.oldest else ""
    return f"{counted(gauge.messages, 'message')}{oldest}"


def _fact(name: str, told: str) -> Line:
    return Line(Text(name, "bold"), Text(told or "none"))
