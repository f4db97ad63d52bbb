"""Decides from the facts what is wrong: `problems` need an admin, `warnings` may pass by themselves. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.storage.held_event_index import MOST_COUNTED
from shared.storage.mailboxes import CLOCKS_DIFFER
from shared.storage.maintenance_report import MaintenanceReport
from shared.worker.health.facts import MAINTENANCE, TOKEN, HealthFacts
from shared.worker.health.rules_health import RulesInForce
from shared.worker.mailboxes.coverage import Coverage
from shared.worker.mailboxes.write_memory import MemoryState, describe_memory

#: Maintenance runs every 15 minutes, and a run may still be working when the next is due.
_MAINTENANCE_LATE = timedelta(hours=1)
#: A tenant of 100,000 is subscribed within three hours; what takes longer does not end by itself.
_UNFINISHED_LONG = timedelta(hours=6)
#: A visible message that waits for so long: the app does not run, or has far too much to do.
_MESSAGE_LATE = timedelta(hours=1)

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))
_NOT_WATCHED = {
    Coverage.UNWATCHED: "in scope are not watched yet",
    Coverage.EXPIRED: "had a subscription that has expired; maintenance creates another",
    Coverage.UNCLEAR: "have a row that Joinlink does not touch: see `unclear_row` in docs/decisions.md",
    Coverage.TAKEN: "have no room for a subscription: see `other_deployment` in docs/decisions.md",
    Coverage.FORBIDDEN: "deny Joinlink access: check permissions and application access policies",
}


def problems(facts: HealthFacts) -> Iterator[str]:
    """Yield what an admin must fix, with what to do."""
    yield from facts.settings_problems
    if facts.token_refused:
        remedy = "renew the secret or certificate, or check the identity"
        yield f"Graph's token is refused: {remedy} ({facts.token_refused})"
    yield from (f"{name} can't be read: {why}" for name, why in facts.unread.items() if name != TOKEN)
    if facts.is_stopped:
        yield (
            "joinlink unsubscribe --all has stopped Joinlink: it watches no mailbox. Delete the app, or start"
            " it again: joinlink unsubscribe --undo"
        )
    if facts.memory is MemoryState.MISSING:
        yield describe_memory(facts.memory)
    if facts.rules:
        yield from _rule_problems(facts.rules)
    yield from _queue_problems(facts)
    if MAINTENANCE not in facts.unread:
        yield from _maintenance_problems(facts.last_run, facts.now)


def warnings(facts: HealthFacts) -> Iterator[str]:
    """Yield what an admin should know; it may pass by itself, or affects few events."""
    if TOKEN in facts.unread:
        yield f"the token service does not answer: {facts.unread[TOKEN]}"
    if facts.held_events:
        yield (
            f"{events_held(facts.held_events)}: Graph did not confirm a write, so Joinlink does not write to"
            " them again; joinlink held lists them"
        )
    run = facts.last_run
    if run is None:
        return
    if run.scope is None:
        yield "the last maintenance could not read which mailboxes are in scope: see scope.doubted in the log"
    for doubt in run.doubts:
        yield f"no mailbox is unsubscribed for now: {doubt}"
    for coverage, why in _NOT_WATCHED.items():
        if number := run.mailboxes.get(coverage, 0):
            yield f"{number} of the mailboxes {why}"


def _rule_problems(rules: RulesInForce) -> Iterator[str]:
    if rules.hash is None:
        yield "no valid rules are in force, so events wait: joinlink validate shows what is wrong"
    if rules.problems:
        in_force = f"policy {rules.hash} stays in force; " if rules.hash else ""
        yield f"the rule files are refused, {in_force}the first problem: {rules.problems[0]}"


def _queue_problems(facts: HealthFacts) -> Iterator[str]:
    for queue, metrics in facts.poison.items():
        if metrics.messages:
            messages = "1 message" if metrics.messages == 1 else f"{metrics.messages:,} messages"
            yield f"{queue} holds {messages}: joinlink replay shows why"
    for queue, metrics in facts.queues.items():
        if metrics.oldest and metrics.oldest > _MESSAGE_LATE:
            age = ago(metrics.oldest)
            yield f"{queue}: a message has been waiting for {age}: is the function app running?"


def _maintenance_problems(run: MaintenanceReport | None, now: datetime) -> Iterator[str]:
    if run is None:
        yield "maintenance has never finished: are the function app and its timer running?"
        return
    age = run.age_at(now)
    if age > _MAINTENANCE_LATE:
        see = "see maintenance.failed and maintenance.skipped in the log"
        yield f"the last maintenance is {ago(age)} old: {see}"
    if run.finished > now + CLOCKS_DIFFER:
        yield (
            f"the last maintenance ended at {run.finished:%Y-%m-%d %H:%M} UTC, which is in the future: set"
            " the clock of the machine that ran it, or of this one"
        )
    if run.unfinished_since and now - run.unfinished_since > _UNFINISHED_LONG:
        yield (
            f"maintenance has not completed its work for {ago(now - run.unfinished_since)}:"
            " see maintenance.finished in the log"
        )
    if run.held:
        yield (
            f"{run.held} mailboxes left the scope in one run and are held: nothing is written to them, and"
            " their subscriptions stay until they have been outside for a day. If the rules are wrong,"
            f" correct them; if all these mailboxes should leave: joinlink maintain --confirm {run.held_hash}"
        )
    if run.soonest_expiry and run.lapsing:
        yield (
            f"subscriptions were not renewed in time ({run.lapsing}), and the first ends at"
            f" {run.soonest_expiry:%Y-%m-%d %H:%M} UTC: see task.finished in the log"
        )


def events_held(number: int) -> str:
    """Return how many events are held, in words: `1 event is held`, `100 or more events are held`."""
    if number == 1:
        return "1 event is held"
    return f"{number} {'or more ' if number >= MOST_COUNTED else ''}events are held"


def ago(age: timedelta) -> str:
    """Return an age in one unit: `40 s`, `12 min`, `5 h`, `3 d`."""
    seconds = max(age.total_seconds(), 0.0)
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= 2 * size), ("s", 1))
    return f"{seconds // size:.0f} {unit}"
