"""Decisions and rule files, compared with other libraries."""

import json
from functools import partial

from sandbox.bench import hostile, rules
from sandbox.bench.figure_table import FigureTable
from sandbox.bench.timing import per_second, seconds
from shared.rule_files.loader import RuleFile, load_policy
from shared.rules.links.join_links import find_join_link


def decisions() -> FigureTable:
    """Measure decisions per second, compared with CEL and JSON Logic. Budget: 10,000 with 100 rules."""
    table = FigureTable(
        "Decisions per second, one core", ("rules", "Joinlink", "CEL", "JSON Logic", "x CEL", "x JSON Logic")
    )
    for count in (1, 10, 100, 1_000):
        ours, cel, logic = (per_second(make(count)) for make in (rules.joinlink, rules.cel, rules.logic))
        rates = [f"{rate:,.0f}" for rate in (ours, cel, logic)]
        table.add_row(f"{count:,}", *rates, f"{ours / cel:.1f}", f"{ours / logic:.1f}")
    return table


def loading() -> FigureTable:
    """Measure the time to load 1,000 rules."""
    table = FigureTable("Loading 1,000 rules", ("what", "seconds", "ratio"))
    content = rules.joinlink_rules(1_000)
    ours = seconds(lambda: load_policy([RuleFile("bench.yaml", content)]))
    cel = seconds(lambda: rules.cel(1_000))
    table.add_row(f"Joinlink, from {len(content) // 1024} KiB of YAML, with all checks", f"{ours:.2f}", "1")
    table.add_row("CEL, from 1,000 expressions", f"{cel:.2f}", f"{cel / ours:.2f}")
    text = json.dumps(rules.logic_rules(1_000))
    logic = seconds(lambda: json.loads(text))
    table.add_row("JSON Logic, from JSON, without checks", f"{logic:.4f}", f"{logic / ours:.4f}")
    return table


def hostile_files() -> FigureTable:
    """Measure the time to load hostile files. Budget: a second per megabyte, 50 ms for small files."""
    table = FigureTable("Loading hostile files", ("content", "KiB", "ms", "s per MB", "of the budget"))
    for what, content in hostile.files():
        took = seconds(partial(load_policy, [RuleFile("bench.yaml", content)]))
        share = took / hostile.allowed_seconds(len(content))
        rate = f"{took / len(content) * 1e6:.2f}"
        table.add_row(what, f"{len(content) / 1024:.0f}", f"{took * 1000:.0f}", rate, f"{share:.0%}")
    return table


def hostile_bodies() -> FigureTable:
    """Measure the search for join links in hostile bodies. Budget: linear in their length."""
    table = FigureTable("Searching hostile bodies", ("content", "ms, 100 KB", "ms, 400 KB", "ratio"))
    for what, text in hostile.TEXTS.items():
        short, long = (seconds(partial(find_join_link, text(size))) for size in (100_000, 400_000))
        table.add_row(what, f"{short * 1000:.0f}", f"{long * 1000:.0f}", f"{long / short:.1f}")
    return table
