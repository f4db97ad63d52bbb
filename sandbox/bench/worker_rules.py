"""The rules that the worker has in benchmarks, without and with both limits."""

from pathlib import Path

_RULES = """
version: 1
internal_domains: [contoso.com]
rules:
  - id: external
    mode: enforce
    when: {external_attendees: {at_least: 1}}
    provider: {fallback: teamsForBusiness}
"""
_LIMITS = "    limits: {per_hour: 1000000, per_mailbox_per_day: 1000000}\n"


def write_rules(folder: Path, *, has_limits: bool = False) -> str:
    """Write the rules to a folder in this one; return its path."""
    rules = folder / ("limits" if has_limits else "plain")
    rules.mkdir(exist_ok=True)
    (rules / "rules.yaml").write_text(_RULES + (_LIMITS if has_limits else ""))
    return str(rules)
