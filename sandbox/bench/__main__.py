"""Print the benchmarks as tables. Times depend on the machine; compare the ratios."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from rich.console import Console
from rich.table import Table

from sandbox.azurite import Azurite, azurite
from sandbox.bench import hostile, limits, line, rules, trouble, worker
from sandbox.bench.timing import per_second, seconds
from sandbox.stage import CLIENT_STATE_KEY, TENANT, Stage, stage
from shared.domain.messages import EVENT_CHANGES
from shared.graph.protocol.client_state import client_state
from shared.rule_files.loader import RuleFile, load_policy
from shared.rules.links.join_links import find_join_link
from shared.settings import StorageSettings
from shared.storage.queues import MessageQueue

_ADA = "aaaaaaaa-0000-4000-8000-000000000001"
_POSTS = 200


def main() -> None:
    """Run all benchmarks in turn."""
    console = Console()
    console.print(decisions())
    console.print(loading())
    console.print(hostile_files())
    console.print(hostile_bodies())
    console.print(one_mailbox())
    with TemporaryDirectory() as folder, azurite() as storage:
        (Path(folder) / "rules.yaml").write_bytes(rules.joinlink_rules(1))
        with stage(storage, Path(folder)) as everything:
            console.print(webhook(everything))
        console.print(webhook_in_trouble(storage, Path(folder)))
        console.print(messages(storage))
        console.print(limited_rule(storage))
    console.print(cold_start())


def decisions() -> Table:
    """Measure decisions per second, compared with CEL and JSON Logic. Budget: 10,000 with 100 rules."""
    table = _table(
        "Decisions per second, one core", "rules", "Joinlink", "CEL", "JSON Logic", "x CEL", "x JSON Logic"
    )
    for count in (1, 10, 100, 1_000):
        ours, cel, logic = (per_second(make(count)) for make in (rules.joinlink, rules.cel, rules.logic))
        rates = [f"{rate:,.0f}" for rate in (ours, cel, logic)]
        table.add_row(f"{count:,}", *rates, f"{ours / cel:.1f}", f"{ours / logic:.1f}")
    return table


def loading() -> Table:
    """Measure the time to load 1,000 rules."""
    table = _table("Loading 1,000 rules", "what", "seconds", "ratio")
    content = rules.joinlink_rules(1_000)
    ours = seconds(lambda: load_policy([RuleFile("bench.yaml", content)]))
    cel = seconds(lambda: rules.cel(1_000))
    table.add_row(f"Joinlink, from {len(content) // 1024} KiB of YAML, with all checks", f"{ours:.2f}", "1")
    table.add_row("CEL, from 1,000 expressions", f"{cel:.2f}", f"{cel / ours:.2f}")
    text = json.dumps(rules.logic_rules(1_000))
    logic = seconds(lambda: json.loads(text))
    table.add_row("JSON Logic, from JSON, without checks", f"{logic:.4f}", f"{logic / ours:.4f}")
    return table


def hostile_files() -> Table:
    """Measure the time to load hostile files. Budget: a second per megabyte, 50 ms for small files."""
    table = _table("Loading hostile files", "content", "KiB", "ms", "s per MB", "of the budget")
    for what, content in hostile.files():
        took = seconds(partial(load_policy, [RuleFile("bench.yaml", content)]))
        share = took / hostile.allowed_seconds(len(content))
        rate = f"{took / len(content) * 1e6:.2f}"
        table.add_row(what, f"{len(content) / 1024:.0f}", f"{took * 1000:.0f}", rate, f"{share:.0%}")
    return table


def hostile_bodies() -> Table:
    """Measure the search for join links in hostile bodies. Budget: linear in their length."""
    table = _table("Searching hostile bodies", "content", "ms, 100 KB", "ms, 400 KB", "ratio")
    for what, text in hostile.TEXTS.items():
        short, long = (seconds(partial(find_join_link, text(size))) for size in (100_000, 400_000))
        table.add_row(what, f"{short * 1000:.0f}", f"{long * 1000:.0f}", f"{long / short:.1f}")
    return table


def webhook(everything: Stage) -> Table:
    """Measure the warm webhook, compared with one queue send. Budget: a POST of one within three sends."""
    storage = StorageSettings(connection_string=everything.settings["AzureWebJobsStorage"])
    queue = MessageQueue.connect(EVENT_CHANGES, storage, None)
    with everything.host.client() as client:
        send = _median(lambda: queue.send("x" * 300))
        one = _median(lambda: client.post("/api/notifications", json=_notifications(1)))
        hundred = seconds(lambda: client.post("/api/notifications", json=_notifications(100)))
    queue.close()
    table = _table("The webhook, warm, on Azurite", "what", "milliseconds", "x one send")
    for what, took in (
        ("one queue send", send),
        ("POST of one", one),
        ("POST of a hundred events", hundred),
    ):
        table.add_row(what, f"{took * 1000:.1f}", f"{took / send:.1f}")
    return table


def webhook_in_trouble(storage: Azurite, folder: Path) -> Table:
    """Measure the webhook while storage is slow or does not answer. Budget: 3 s, and 202 at 250 ms a send."""
    title = "The webhook while storage has problems, 40 threads"
    table = _table(title, "storage", "POSTs of changes", "answers", "last, seconds", "handshake, seconds")
    for row in trouble.rows(storage, folder, _notifications):
        table.add_row(*row)
    return table


def messages(storage: Azurite) -> Table:
    """Count what a message needs. Budget: 3 table calls for an enabled event, with both limits 5."""
    title = "One message of the worker, medians"
    table = _table(title, "message", "outcome", "table calls", "queue calls", "Graph calls", "CPU, ms")
    for cost in worker.costs(storage):
        calls = (f"{count:.0f}" for count in (cost.tables, cost.queues, cost.graph))
        table.add_row(cost.kind, cost.outcome, *calls, f"{cost.cpu_ms:.1f}")
    return table


def limited_rule(storage: Azurite) -> Table:
    """Measure how fast one rule's limits count, in two processes. Budget: 100 a second, exact."""
    table = _table("Both limits of one rule, two processes", "what", "charges a second", "beyond the limit")
    rate, beyond = limits.charges_per_second(storage)
    table.add_row(f"{limits.THREADS} threads each", f"{rate:.0f}", str(beyond))
    return table


def one_mailbox() -> Table:
    """Play 500 changes of one mailbox. Budget: several hosts take at most twice the time of one."""
    title = f"{line.CHANGES} changes of one mailbox, seconds of a clock that is moved"
    table = _table(title, "hosts", "seconds", "x one host", "refused calls", "poisoned", "another mailbox, s")
    one = line.drain(hosts=1, changes=line.CHANGES)
    for hosts in (1, 2, 3):
        drained = line.drain(hosts=hosts, changes=line.CHANGES)
        ratio, other = f"{drained.seconds / one.seconds:.2f}", f"{drained.other_seconds:.0f}"
        refused, poisoned = f"{drained.refused} of {drained.calls}", str(drained.poisoned)
        table.add_row(str(hosts), f"{drained.seconds:.0f}", ratio, refused, poisoned, other)
    return table


def cold_start() -> Table:
    """Measure the start of a process. Budget: 0.6 s until the functions are indexed."""
    table = _table("Cold start, a new Python process", "until", "seconds", "x bare Python")
    bare = _process("pass")
    indexed = _process("import function_app; function_app.app.get_functions()")
    for what, took in (("bare Python has started", bare), ("the functions are indexed", indexed)):
        table.add_row(what, f"{took:.2f}", f"{took / bare:.1f}")
    return table


def _process(code: str) -> float:
    command = [sys.executable, "-c", code]
    return min(_timed(lambda: subprocess.run(command, check=True)) for _ in range(5))  # noqa: S603 -- our own code


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_timed(work) for _ in range(_POSTS))


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _notifications(count: int) -> dict[str, object]:
    state = client_state(CLIENT_STATE_KEY, _ADA)
    return {
        "value": [
            {
                "subscriptionId": _ADA,
                "subscriptionExpirationDateTime": "2026-11-28T09:00:00Z",
                "clientState": state,
                "tenantId": TENANT,
                "changeType": "updated",
                "resource": f"Users/{_ADA}/Events/event-{number}",
            }
            for number in range(count)
        ]
    }


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


if __name__ == "__main__":
    main()
