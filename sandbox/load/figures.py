"""Prints the figures of a run as Markdown tables."""

import math
from collections.abc import Iterable, Sequence

from sandbox.load.generator import Answers
from sandbox.load.run import LoadPlan, Run, WebhookLoad

_SLOW_SECONDS = 3.0
_PERCENTILES = (0.5, 0.99, 0.999)


def markdown(result: WebhookLoad, plan: LoadPlan) -> str:
    """Return all tables, and how many acknowledged events were found."""
    found = result.acknowledged - len(result.missing)
    return "\n\n".join(
        (
            f"{plan.seconds:g} s each, {plan.connections} connections, items in a POST: {plan.items}.",
            _table(
                ("server", "202 a second", "ratio", "p50, ms", "p99, ms", "p99.9, ms", "over 3 s", "answers"),
                (_row(run, result.bare) for run in result.runs),
            ),
            _table(
                ("body", "items", "KiB", "answers", "slowest, ms"),
                (
                    (
                        one.name,
                        f"{one.items:,}",
                        f"{one.bytes / 1024:,.0f}",
                        _statuses(one.answers),
                        f"{max(one.answers.seconds) * 1000:,.0f}",
                    )
                    for one in result.large
                ),
            ),
            f"Acknowledged events: {result.acknowledged:,}. Found in the queue: {found:,}.",
        )
    )


def percentile(seconds: Sequence[float], share: float) -> float:
    """Return the smallest of the values that at least this share of them does not exceed (nearest rank)."""
    return sorted(seconds)[max(math.ceil(share * len(seconds)), 1) - 1]


def _row(run: Run, bare: Run) -> tuple[str, ...]:
    times = run.answers.seconds
    slow = sum(one > _SLOW_SECONDS for one in times) / len(times)
    return (
        run.name,
        f"{run.per_second:,.0f}",
        f"{run.per_second / bare.per_second:.2f}" if bare.per_second else "-",
        *(f"{percentile(times, share) * 1000:,.1f}" for share in _PERCENTILES),
        f"{slow:.2%}",
        _statuses(run.answers),
    )


def _statuses(answers: Answers) -> str:
    return ", ".join(f"{count:,} x {status or 'none'}" for status, count in sorted(answers.statuses.items()))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))
