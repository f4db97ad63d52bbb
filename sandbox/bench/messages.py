"""What one message and a sweep need, and how fast the limits of a rule count."""

from sandbox.azurite import Azurite
from sandbox.bench import bodies, limits, line, worker
from sandbox.bench.figure_table import FigureTable


def messages(storage: Azurite) -> FigureTable:
    """Count what a message needs. Budget: 3 table calls for an enabled event, with both limits 5."""
    columns = ("message", "outcome", "table calls", "queue calls", "Graph calls", "CPU of the thread, ms")
    table = FigureTable("One message of the worker on Azurite, medians", columns)
    for cost in worker.costs(storage):
        calls = (f"{count:.0f}" for count in (cost.tables, cost.queues, cost.graph))
        table.add_row(cost.kind, cost.outcome, *calls, f"{cost.cpu_ms:.1f}")
    return table


def limited_rule(storage: Azurite) -> FigureTable:
    """Measure how fast one rule's limits count, in two processes. Budget: 100 a second, exact."""
    columns = ("what", "charges a second", "goal", "beyond the limit")
    table = FigureTable("Both limits of one rule, two processes", columns)
    rate, beyond = limits.charges_per_second(storage)
    table.add_row(f"{limits.THREADS} threads each", f"{rate:.0f}", "100", str(beyond))
    return table


def swept_bodies() -> FigureTable:
    """Measure the memory of a sweep that reads 2,000 bodies of 100 KB. Budget: 120 MB."""
    columns = ("events", "Graph calls", "seconds", "MB", "goal")
    table = FigureTable("Peak memory of a sweep that reads bodies", columns)
    swept, goal = bodies.sweep(), f"{bodies.BUDGET_BYTES / 1e6:.0f}"
    megabytes = f"{swept.after / 1e6:.0f}"
    table.add_row(f"{swept.events:,}", f"{swept.calls:,}", f"{swept.seconds:.0f}", megabytes, goal)
    return table


def one_mailbox() -> FigureTable:
    """Play 500 changes of one mailbox. Budget: several hosts take at most twice the time of one."""
    columns = ("hosts", "seconds", "x one host", "refused calls", "poisoned", "another mailbox, seconds")
    table = FigureTable(f"{line.CHANGES} changes of one mailbox, by a clock that is moved", columns)
    runs = [line.drain(hosts=hosts, changes=line.CHANGES) for hosts in (1, 2, 3)]
    for hosts, run in enumerate(runs, 1):
        ratio, refused = f"{run.seconds / runs[0].seconds:.2f}", f"{run.refused} of {run.calls}"
        table.add_row(
            str(hosts), f"{run.seconds:.0f}", ratio, refused, str(run.poisoned), f"{run.other_seconds:.0f}"
        )
    return table
