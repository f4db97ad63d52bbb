"""Decides the realistic events with the packaged rules, and writes the verdicts to a table.

    python -m tests.rules.realistic.table

writes `verdicts.md`; `git diff` then shows which verdicts have changed.
"""

from dataclasses import replace
from pathlib import Path

from shared.domain.decision import Mode
from shared.graph.protocol.event_json import parse_event
from shared.rule_files.loader import RuleFile, load_policy
from shared.rules.decide import decide
from shared.rules.facts import Facts
from tests.rules.realistic.builders import DOMAINS, NOW, Case
from tests.rules.realistic.links import links
from tests.rules.realistic.people import people
from tests.rules.realistic.times import times

TABLE = Path(__file__).with_name("verdicts.md")
_RULES = Path("rules/joinlink.yaml")
_HEAD = """# Realistic events, decided with the packaged rules

All rules are in `enforce`. The tenant is contoso.com. `python -m tests.rules.realistic.table` writes this table.
A wrong verdict is in bold; the right one is next to it.

| # | event | verdict | right |
| --- | --- | --- | --- |
"""


def cases() -> list[Case]:
    """Return all events, in the order of the table."""
    return [*links(), *people(), *times()]


def verdicts(found: list[Case]) -> list[str]:
    """Return the reason of each decision; only `link_added` writes."""
    loaded = load_policy([RuleFile("joinlink.yaml", _RULES.read_bytes())])
    assert loaded.policy is not None, loaded.problems
    rules = tuple(replace(rule, mode=Mode.ENFORCE) for rule in loaded.policy.rules)
    policy, facts = replace(loaded.policy, rules=rules), Facts(tenant_domains=DOMAINS)
    return [str(decide(parse_event(each.event, "read"), policy, facts, NOW).reason) for each in found]


def table() -> str:
    """Return the table as text."""
    found = cases()
    return _HEAD + "".join(
        _row(number, each, verdict)
        for number, (each, verdict) in enumerate(zip(found, verdicts(found), strict=True), 1)
    )


def _row(number: int, each: Case, verdict: str) -> str:
    is_right = verdict in each.right
    shown = verdict if is_right else f"**{verdict}**"
    what = each.what.replace("|", "\\|").replace("\u00a0", "[U+00A0]")
    return f"| {number} | {what} | {shown} | {'' if is_right else ' or '.join(each.right)} |\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
