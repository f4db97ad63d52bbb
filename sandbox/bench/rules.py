"""The same rules in Joinlink, in CEL and in JSON Logic; no rule matches the event.

Each rule tests for a word in the subject and for the number of external attendees. CEL and JSON Logic get
both facts ready-made. Joinlink derives them from the event, and evaluates its guards as well.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import celpy
import json_logic
from celpy import celtypes

from shared.domain.event import Attendee, Event
from shared.rule_files.loader import RuleFile, load_policy
from shared.rules.decide import decide
from shared.rules.facts import Facts

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
EVENT = Event(
    id="AAMk=",
    etag='W/"1"',
    subject="Quarterly review of the roadmap",
    organizer="ada@contoso.com",
    start=NOW + timedelta(days=1),
    end=NOW + timedelta(days=1, hours=1),
    attendees=tuple(Attendee(address=f"guest-{n}@fabrikam.com") for n in range(5)),
    body_preview="Agenda: what went well, what comes next.",
)


def joinlink_rules(count: int) -> bytes:
    """Return a file of `count` rules."""
    when = "{{subject: word-{n}, external_attendees: {{at_least: 1}}}}"
    rules = "".join(
        f"  - id: rule-{n}\n    mode: enforce\n    when: {when.format(n=n)}\n" for n in range(count)
    )
    return f"version: 1\ninternal_domains: [contoso.com]\nrules:\n{rules}".encode()


def joinlink(count: int) -> Callable[[], object]:
    """Return a function that makes one decision with Joinlink."""
    policy = load_policy([RuleFile("bench.yaml", joinlink_rules(count))]).policy
    assert policy is not None
    return lambda: decide(EVENT, policy, Facts(), NOW)


def cel(count: int) -> Callable[[], object]:
    """Return the same for CEL (cel-python), with one compiled program per rule."""
    environment = celpy.Environment()
    programs = [
        environment.program(environment.compile(f"subject.contains('word-{n}') && external >= 1"))
        for n in range(count)
    ]
    facts: dict[str, Any] = {"subject": celtypes.StringType(EVENT.subject), "external": celtypes.IntType(5)}
    return lambda: [program.evaluate(facts) for program in programs]


def logic_rules(count: int) -> list[Any]:
    """Return the same rules for JSON Logic."""
    return [
        {"and": [{"in": [f"word-{n}", {"var": "subject"}]}, {">=": [{"var": "external"}, 1]}]}
        for n in range(count)
    ]


def logic(count: int) -> Callable[[], object]:
    """Return a function that evaluates all rules with JSON Logic (panzi-json-logic)."""
    rules = logic_rules(count)
    facts = {"subject": EVENT.subject, "external": 5}
    return lambda: [json_logic.jsonLogic(rule, facts) for rule in rules]
