"""Adds a condition the way that docs/architecture.md describes, and prints what the product makes of it.

Run as a process of its own: it adds the fact and the row to the source text of their modules before any
other module is imported, and changes nothing else.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec, module_from_spec
from pathlib import Path

FACT_MODULE = "shared.rules.event.event_facts"
FACT = '''
    @cached_property
    def optional_attendees(self) -> Count:
        """How many people are invited as optional."""
        optional = {line.address for line in self.event.attendees if line.type == "optional"}
        people = [one for one in self.attendee.persons if one.address in optional]
        return Count(sum(one.is_certain for one in people), len(people))
'''
ROW_MODULE = "shared.rule_files.vocabulary.catalogue"
ROW = """
    condition(
        "optional_attendees",
        NumberSyntax(),
        "How many people are invited as optional.",
        "optional_attendees: {at_least: 1}",
        can_be_unknown=True,
        implies=implied.as_many_attendees,
        synonyms="optional optionals",
    ),
"""


def insert(module_name: str, before: str, text: str) -> None:
    """Load a module from its source text with a piece inserted."""
    spec = find_spec(module_name)
    assert spec is not None
    assert spec.origin is not None
    head, mark, tail = Path(spec.origin).read_text(encoding="utf-8").partition(before)
    assert mark, f"{module_name} has no {before!r}"
    module = module_from_spec(spec)
    sys.modules[module_name] = module
    exec(compile(head + text + mark + tail, spec.origin, "exec"), module.__dict__)  # noqa: S102 -- our own text


insert(FACT_MODULE, "\n    @cached_property\n    def has_location", FACT)
insert(ROW_MODULE, '\n    condition("has_location"', ROW)

from cli import reference, rule_schema
from cli.app import main
from shared.domain.event import Attendee, Event
from shared.rule_files.loader import RuleFile, load_policy
from shared.rules.explain import explain
from shared.rules.facts import Facts

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVENT = Event(
    id="e",
    etag="w",
    subject="Review",
    organizer="al@contoso.com",
    start=NOW + timedelta(days=1),
    end=NOW + timedelta(days=1, hours=1),
    attendees=tuple(Attendee(address=f"{name}@x.com", type="optional") for name in ("bo", "cy")),
)


def problems(*rules: str) -> list[str]:
    """Return the problems of a file with these rules."""
    text = "version: 1\nrules:\n" + "".join(f"- {rule}\n" for rule in rules)
    return [str(problem) for problem in load_policy([RuleFile("x.yaml", text.encode())]).problems]


def explained() -> list[object]:
    """Return what `explain` shows of the condition."""
    text = "version: 1\nrules: [{id: a, when: {optional_attendees: {at_least: 2}}}]"
    policy = load_policy([RuleFile("x.yaml", text.encode())]).policy
    assert policy is not None
    [line] = explain(EVENT, policy, Facts(), NOW).rules[0].when.leaves()
    return [line.name, line.expected, line.actual, line.holds]


TWO = "optional_attendees: {at_least: 2}"
print(  # noqa: T201 -- read by the test
    json.dumps(
        {
            "valid": problems(f"{{id: a, when: {{{TWO}}}}}"),
            "misspelt": problems("{id: a, when: {optional_atendees: 1}}"),
            "synonym": problems("{id: a, when: {optional: 1}}"),
            "misplaced": problems("{id: a, when: {}, optional_attendees: 1}"),
            "contradiction": problems(f"{{id: a, when: {{{TWO}, attendees: 1}}}}"),
            "unreached": problems(
                "{id: a, mode: enforce, action: skip, when: {attendees: {at_least: 1}}}",
                f"{{id: b, mode: enforce, action: skip, when: {{{TWO}}}}}",
            ),
            "reached": problems(
                f"{{id: a, when: {{{TWO}}}}}",
                f"{{id: b, action: skip, when: {{{TWO}}}}}",
            ),
            "explained": explained(),
            "schema": sorted(
                rule_schema.document()["$defs"]["conditions"]["properties"]["optional_attendees"]
            ),
            "reference": "#### `optional_attendees`" in reference.reference(),
        }
    )
)
sys.argv = ["joinlink", "schema", "optional_attendees"]
main()
