"""One rule file: its settings and its rules."""

from dataclasses import dataclass, field
from typing import Any

from shared.domain.position import Positioned
from shared.rule_files.files.lists import LISTS_SHAPE
from shared.rule_files.files.mailboxes import MAILBOXES, read_mailboxes
from shared.rule_files.files.rule import RULE, ParsedRule, read_rule
from shared.rule_files.files.settings import (
    CALENDARS,
    OTHER_JOIN_LINKS,
    OTHER_JOIN_LINKS_SHAPE,
    SKIP_OR_IGNORE,
    SWEEP,
    read_calendars,
    read_internal_domains,
    read_other_join_links,
    read_skip_or_ignore,
    read_sweep,
)
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe
from shared.rule_files.vocabulary.addresses import DOMAINS
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode, SequenceNode


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that holds for all rules (None where it is wrong), and the position of its key."""

    value: Any
    place: Positioned


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """The rules of a file, and its settings by key."""

    rules: tuple[ParsedRule, ...] = ()
    settings: dict[str, Setting] = field(default_factory=dict)


def read_file(root: Node, reader: NodeReader) -> ParsedFile:
    """Read one file."""
    if not isinstance(root, MappingNode):
        reader.problem(root, f'a rule file begins with "version: 1", but this is {describe(root)}')
        return ParsedFile()
    values = FILE.read_each(root, reader) or {}
    places = {key.text: key for key in root.keys}
    rules = values.pop("rules", None) or ()
    values.pop("version", None)
    return ParsedFile(rules, {name: Setting(value, places[name]) for name, value in values.items()})


def has_only_known_keys(root: Node | None) -> bool:
    """Return whether all keys of a file are known, so that none of them is a misspelt `lists`."""
    return isinstance(root, MappingNode) and all(key.text in FILE.by_name for key in root.keys)


def _read_version(node: Node, reader: NodeReader, what: str) -> int | None:
    value = node.value if isinstance(node, ScalarNode) else None
    if value == 1 and isinstance(value, int) and not isinstance(value, bool):
        return value
    hint = "; remove the quotes" if value == "1" else ""
    reader.problem(node, f"{what} is 1, but this is {describe(node)}{hint}")
    return None


def _read_rules(node: Node, reader: NodeReader, what: str) -> tuple[ParsedRule, ...]:
    if isinstance(node, SequenceNode) and not node.items:
        return ()  # a file with settings only
    if isinstance(node, MappingNode):
        reader.problem(
            node, f'{what} needs a list; begin each rule with "- ", as in "- id: external-meetings"'
        )
        return ()
    return tuple(read_rule(item, reader) for item in reader.items(node, what) or ())


def _read_all_lists(_node: Node, reader: NodeReader, _what: str) -> dict[str, tuple[str, ...]]:
    return {name: named.entries for name, named in reader.lists.named.items()}


FILE = Block(
    title="a rule file",
    definition="file",
    place="at the top of the file, next to version: it holds for all rules",
    keys=(
        Key(
            "version",
            "The version of the rule language.",
            {"const": 1},
            "1",
            _read_version,
            required='the file begins with "version: 1"',
        ),
        Key(
            "internal_domains",
            "The mail domains of your company. `auto` means the verified domains of the tenant. "
            '`"*.contoso.com"`, in quotes, means subdomains only.',
            {"anyOf": [{"const": "auto"}, DOMAINS]},
            "[contoso.com, contoso.de]",
            read_internal_domains,
            default="auto",
            synonyms="domain domains owndomains mydomains ourdomains",
        ),
        Key(
            "mailboxes",
            "The mailboxes in scope.",
            MAILBOXES.shape,
            "{include: [{group: 5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e}], exclude: [{user: ceo@contoso.com}]}",
            read_mailboxes,
            default="{include: all}",
            if_left_out="all mailboxes of the tenant",
            block=MAILBOXES,
            synonyms="scope users",
        ),
        Key(
            "calendars",
            "What sweep and backfill search in a mailbox, see [calendars](mailboxes.md#calendars).",
            CALENDARS,
            "owned",
            read_calendars,
            default="default",
            synonyms="calendar secondary",
        ),
        Key(
            "other_join_links",
            "What happens to events that already have a link of Zoom, Webex, Google Meet and the like.",
            OTHER_JOIN_LINKS_SHAPE,
            "{action: skip, look_in: body, hosts: [meet.contoso.com]}",
            read_other_join_links,
            default="skip",
            block=OTHER_JOIN_LINKS,
        ),
        Key(
            "drafts",
            "What happens to events that are not sent yet.",
            SKIP_OR_IGNORE,
            "skip",
            read_skip_or_ignore,
            default="skip",
            field="skip_drafts",
        ),
        Key(
            "sweep",
            "How often mailboxes are searched for events without a notification, and how far ahead.",
            SWEEP.shape,
            "{every: 12h, window: 30d}",
            read_sweep,
            default="{every: 6h, window: 60d}",
            block=SWEEP,
        ),
        Key(
            "lists",
            "Lists of domains and addresses, to be used by name.",
            LISTS_SHAPE,
            "{partners: [fabrikam.com, northwind.com]}",
            _read_all_lists,
        ),
        Key(
            "rules",
            "The rules, in order of evaluation.",
            {"type": "array", "items": {"$ref": "#/$defs/rule"}},
            "[{id: external-meetings, when: {external_attendees: {at_least: 1}}}]",
            _read_rules,
            block=RULE,
        ),
    ),
)
