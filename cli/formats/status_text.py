"""The health of the app, as text: first what to fix, then the facts."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from cli import lines
from cli.lines import Line
from cli.output import console, counted
from shared.storage.held_event_index import MOST_COUNTED
from shared.storage.maintenance_report import MaintenanceReport
from shared.storage.queue_metrics import QueueMetrics
from shared.version import VERSION
from shared.worker.health.checkup import Health
from shared.worker.health.facts import HealthFacts
from shared.worker.health.verdict import ago
from shared.worker.mailboxes.coverage import Coverage
from shared.worker.mailboxes.write_memory import IN_WORDS

_BRAKE = {
    True: "on: JOINLINK_MODE=report is set, so nothing is written",
    False: "off: rules in enforce mode write",
    None: "not known before the app's next maintenance",
}


def show(health: Health, differences: Sequence[str]) -> None:
    """Print the health, and how the settings and rules here differ from the app's."""
    out = console()
    if health.is_well:
        out.print("✓ Everything works.", style="good")
    else:
        out.print(f"✗ {counted(len(health.problems), 'thing')} to fix:", style="bad")
    lines.show(out, [Line(Text.assemble(("  ✗", "bad")), Text(problem)) for problem in health.problems])
    lines.show(out, [Line(Text.assemble(("  !", "warn")), Text(warning)) for warning in health.warnings])
    lines.show(out, [Line(Text.assemble(("  !", "warn")), Text(each)) for each in differences])
    out.print()
    lines.show(out, list(_facts(health.facts)))


def _facts(facts: HealthFacts) -> Iterator[Line]:
    yield _fact("version", _version(facts.version))
    yield _fact("brake", _BRAKE[facts.brake])
    if rules := facts.rules:
        since = f", in force for {ago(facts.now - rules.since)}" if rules.since else ""
        policy = f"policy {rules.hash}, {counted(rules.rules, 'rule')}{since}"
        yield _fact("rules", policy if rules.hash else "none in force")
    if facts.rules_place:
        yield _fact("rules from", facts.rules_place)
    if run := facts.last_run:
        yield from _mailboxes(run, facts)
    if facts.memory:
        yield _fact("memory of writes", IN_WORDS[facts.memory])
    if facts.held_events:
        or_more = " or more" if facts.held_events >= MOST_COUNTED else ""
        yield _fact("events held", f"{facts.held_events}{or_more}")
    for queue, metrics in {**facts.queues, **facts.poison}.items():
        yield _fact(queue, _queue(metrics))


def _mailboxes(run: MaintenanceReport, facts: HealthFacts) -> Iterator[Line]:
    yield _fact("last maintenance", f"{ago(run.age_at(facts.now))} ago")
    yield _fact("in scope", "not known" if run.scope is None else counted(run.scope, "mailbox", "mailboxes"))
    numbers = (f"{number} {coverage}" for coverage in Coverage if (number := run.mailboxes.get(coverage)))
    yield _fact("mailboxes", ", ".join(numbers))
    if run.held:
        yield _fact("mailboxes held", f"{counted(run.held, 'mailbox', 'mailboxes')}, hash {run.held_hash}")
    if run.soonest_expiry:
        yield _fact("soonest expiry", f"{run.soonest_expiry:%Y-%m-%d %H:%M} UTC")


def _version(app: str | None) -> str:
    if app is None:
        return "not known before the app's first maintenance"
    return app if app == VERSION else f"{app}, and {VERSION} of this command"


def _queue(metrics: QueueMetrics) -> str:
    oldest = f", the oldest waiting for {ago(metrics.oldest)}" if metrics.oldest else ""
    return f"{counted(metrics.messages, 'message')}{oldest}"


def _fact(name: str, text: str) -> Line:
    return Line(Text(name, "bold"), Text(text or "none"))
