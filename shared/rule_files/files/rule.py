"""One rule of a file."""

import re
from dataclasses import dataclass

from shared.domain.decision import Mode
from shared.rule_files.files.conditions import (
    ANY_CONDITIONS,
    CONDITIONS,
    SOME_CONDITIONS,
    read_conditions,
    read_when,
)
from shared.rule_files.files.rule_blocks import (
    ACTIVE,
    LIMITS,
    PROVIDER,
    PROVIDER_NAME,
    read_active,
    read_limits,
    read_provider,
)
from shared.rule_files.files.rule_tests import TEST, read_tests
from shared.rule_files.files.values import ACTIONS, choice_reader, read_action, read_text
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.vocabulary.json_schema import TEXT, Shape, one_of, with_message
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.yaml_tree.nodes import Node, ScalarNode, shorten, value_of
from shared.rules.policy import Rule

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_ID_SHAPE: Shape = with_message(
    {"type": "string", "pattern": f"^{_ID.pattern}$"},
    "Needs at most 64 small letters (a to z), digits and hyphens, and no hyphen at the beginning.",
)


@dataclass(frozen=True, slots=True)
class ParsedRule:
    """A rule's node, its id as far as it is given, and the rule, where nothing in it is wrong."""

    node: Node
    id: ScalarNode | None
    rule: Rule | None


def read_rule(node: Node, reader: NodeReader) -> ParsedRule:
    """Read one rule; problems in it name its id."""
    rule_id = value_of(node, "id")
    place = rule_id if isinstance(rule_id, ScalarNode) else None
    if place is not None and _is_id(place):
        reader = reader.for_rule(place.text)
    values = RULE.read(node, reader)
    rule = None if values is None else Rule(**values, file=reader.file, line=node.line)
    return ParsedRule(node, place, rule)


def _is_id(node: ScalarNode) -> bool:
    return isinstance(node.value, str) and _ID.fullmatch(node.value) is not None


def _read_id(node: Node, reader: NodeReader, what: str) -> str | None:
    rule_id = reader.text(node, what)
    if rule_id is None or _ID.fullmatch(rule_id):
        return rule_id
    form = "at most 64 small letters (a to z), digits and hyphens, and does not begin with a hyphen"
    plain = re.sub("[^a-z0-9]+", "-", rule_id[:64].lower()).strip("-")
    hint = f"; write {plain}" if _ID.fullmatch(plain) else ""
    reader.problem(node, f'an id has {form}, but this is "{shorten(rule_id)}"{hint}')
    return None


RULE = Block(
    definition="rule",
    title="a rule",
    place="in a rule, next to id",
    keys=(
        Key(
            "id",
            "The name of the rule in logs and reports; unique in all files.",
            _ID_SHAPE,
            "external-meetings",
            _read_id,
            required="logs and reports name rules by their id",
            synonyms="name",
        ),
        Key(
            "description",
            "What the rule is for.",
            TEXT,
            "Meetings with guests get a link",
            read_text,
            synonyms="desc comment note title",
        ),
        Key(
            "mode",
            "Whether the rule may write.",
            one_of(
                {
                    Mode.OFF: "the rule is not evaluated",
                    Mode.REPORT: "the rule is evaluated, and the log shows what it would do",
                    Mode.ENFORCE: "the rule acts",
                }
            ),
            "report",
            choice_reader({mode.value: mode for mode in Mode}),
            default="report",
            synonyms="enabled state status",
        ),
        Key(
            "when",
            "The conditions that an event must meet; every event meets `{}`.",
            ANY_CONDITIONS,
            "{external_attendees: {at_least: 1}, duration: {at_most: 24h}}",
            read_when,
            required="for a rule that matches every event, write when: {}",
            block=CONDITIONS,
            synonyms="conditions condition if where match",
        ),
        Key(
            "unless",
            "The rule does not match an event that meets these conditions.",
            SOME_CONDITIONS,
            "{has_room: true}",
            read_conditions,
            block=CONDITIONS,
            synonyms="except exceptions excluding exclude ifnot",
        ),
        Key(
            "action",
            "What happens to an event that the rule matches.",
            ACTIONS,
            "skip",
            read_action,
            default="enable",
        ),
        Key(
            "provider",
            "The provider, by its name in Graph. Where the calendar does not allow it, the event gets no "
            "link (`provider_not_allowed`). With `fallback`, it counts only if the calendar has no default.",
            {"anyOf": [PROVIDER_NAME, PROVIDER.shape]},
            "{fallback: teamsForBusiness}",
            read_provider,
            form="`teamsForBusiness` or `{fallback: teamsForBusiness}`",
            if_left_out="the calendar's default; no link where it has none",
            block=PROVIDER,
        ),
        Key(
            "limits",
            "A protection against mistakes: above these numbers the rule adds no links and logs that.",
            LIMITS.shape,
            "{per_hour: 200, per_mailbox_per_day: 20}",
            read_limits,
            if_left_out="unlimited",
            block=LIMITS,
        ),
        Key(
            "active",
            "The days on which the rule is active, in UTC.",
            ACTIVE.shape,
            "{from: 2026-12-01, until: 2027-12-01}",
            read_active,
            if_left_out="always",
            block=ACTIVE,
        ),
        Key(
            "on_missing",
            "What to do where a fact can't be read, such as the members of a group. In both cases, if the "
            "rule would have skipped the event, no later rule enables it.",
            one_of(
                {
                    "skip": "the next rule is evaluated",
                    "retry": "the event is evaluated again later, if that can change the decision",
                }
            ),
            "retry",
            choice_reader({"skip": False, "retry": True}),
            default="skip",
            field="retry_on_missing",
        ),
        Key(
            "tests",
            "Events with their expected results; `joinlink test` runs them.",
            {"type": "array", "items": {"$ref": "#/$defs/test"}, "minItems": 1},
            "[{name: a customer call, event: {attendees: [bo@fabrikam.com]}, expect: enable}]",
            read_tests,
            block=TEST,
        ),
    ),
)
